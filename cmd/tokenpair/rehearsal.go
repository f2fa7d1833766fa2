package main

import (
	"context"
	"fmt"

	"example.com/tokenpair/auth"
	"example.com/tokenpair/storage"
)

// residents are the users of a database, by id and by name.
type residents struct {
	byID map[int64]resident
	ids  map[string]int64
}

type resident struct {
	name   string
	active bool
}

// rehearse prints what an import would do, and fails if it would.
func (v *importVerb) rehearse(ctx context.Context, cli *commandLine, isNew bool, std streams) error {
	var here residents
	if !isNew { // a database that is not there is not made
		err := withUsers(ctx, cli, hashing{}, func(users *auth.Users) (err error) {
			here, err = listResidents(ctx, users)
			return err
		})
		if err != nil {
			return err
		}
	}
	var taken, inactive sample
	present := 0
	seen, expired, err := v.read(ctx, std, func(user storage.User) {
		switch conflict, known := here.meet(user); {
		case known:
			present++
			if !user.Active && here.byID[user.ID].active {
				inactive.add(printable(user.Username))
			}
		case conflict != "":
			taken.add(conflict)
		}
	})
	if err != nil {
		return v.failed(err)
	}
	fmt.Fprintf(std.out, "would import %s\n", count(seen.users-present-taken.count, "user"))
	if present > 0 {
		fmt.Fprintf(std.out, "would leave %s as they are, who are here already\n", count(present, "user"))
	}
	fmt.Fprintf(std.out, "would blacklist %s; %d expired more than a day ago and would be left out\n", count(seen.alive, "token"), expired)
	fmt.Fprintf(std.out, "%s that were issued there are not blacklisted, and stay good until they expire; those of the last day are counted with them\n", count(seen.good, "token"))
	seen.printHashes(std.out)
	seen.padded.print(std.out, "names in outer white space, which a login cuts, so that they cannot log in")
	inactive.print(std.out, "inactive there and active here, and the import leaves them so: tokenpair deactivateuser NAME keeps one out")
	taken.print(std.out, "names and ids that somebody else has here")
	if taken.count > 0 {
		return fmt.Errorf("%s: the import would fail: the name or the id of %s is taken; a new database takes everybody, see --database",
			v.name(), count(taken.count, "user"))
	}
	return nil
}

func listResidents(ctx context.Context, users *auth.Users) (residents, error) {
	here := residents{make(map[int64]resident), make(map[string]int64)}
	for user, err := range users.All(ctx) {
		if err != nil {
			return residents{}, err
		}
		here.byID[user.ID], here.ids[user.Username] = resident{user.Username, user.Active}, user.ID
	}
	return here, nil
}

// meet says whether a user is here already, or what of them somebody else has.
func (r residents) meet(user storage.User) (conflict string, known bool) {
	other, idTaken := r.byID[user.ID]
	id, nameTaken := r.ids[user.Username]
	switch who := fmt.Sprintf("user %s with id %d", printable(user.Username), user.ID); {
	case idTaken && other.name == user.Username:
		return "", true
	case nameTaken:
		return fmt.Sprintf("%s: that name has id %d here", who, id), false
	case idTaken:
		return fmt.Sprintf("%s: that id has user %s here", who, printable(other.name)), false
	}
	return "", false
}
