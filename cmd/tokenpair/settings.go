package main

// commandLine is everything that can be said to the program: kong makes flags, help and the parsing of flags out of it,
// and docs, warnings and the reading of variables come from the same tags. A field with a `setting` tag is a setting:
// that variable gives it a value when no flag does. `compat` is its default under --compat simplejwt, and `sessionless` that
// where SESSIONS is off, for whatever reason. A setting that is `hidden` has a flag that help does not show; one that kong
// does not know at all is a secret.
type commandLine struct {
	Database string `setting:"TOKENPAIR_DATABASE" default:"sqlite:data/tokenpair.db" placeholder:"URL" group:"Storage" help:"Where users are kept, as a URL whose scheme chooses the store: sqlite:PATH."`

	Serve              serveVerb      `cmd:"" help:"Answer logins over HTTP."`
	Doctor             doctorVerb     `cmd:"" help:"Show the settings that serve would have, and what is wrong with them. Takes the flags of serve."`
	Settings           settingsVerb   `cmd:"" help:"List all settings: variable, flag, default, meaning."`
	Createuser         createVerb     `cmd:"" help:"Add a user."`
	Changepassword     changeVerb     `cmd:"" help:"Give a user a new password, and end all sessions of that user."`
	Activateuser       activateVerb   `cmd:"" help:"Let a user log in again."`
	Deactivateuser     deactivateVerb `cmd:"" help:"Keep a user from logging in, and end all sessions of that user."`
	Deleteuser         deleteVerb     `cmd:"" help:"Delete a user for good, and end all sessions of that user; deactivateuser can be undone."`
	Listusers          listVerb       `cmd:"" help:"List the users."`
	Setclaims          claimsVerb     `cmd:"" help:"Give a user claims of your own, which all tokens of that user have from the next login or refresh on. Run it with the variables of the server: names that these give a meaning are refused."`
	Sessions           sessionsVerb   `cmd:"" help:"List and end the sessions of users."`
	Importdjango       importVerb     `cmd:"" help:"Add the users and the blacklisted tokens of a Django site, ids and password hashes as they are: all or none."`
	Exportdjango       exportVerb     `cmd:"" help:"Write the users and the blacklisted tokens as a fixture for Django's loaddata."`
	Flushexpiredtokens flushVerb      `cmd:"" help:"Forget blacklisted tokens and sessions that have expired; each is kept for a day longer than that. A server does so by itself."`
	Version            versionVerb    `cmd:"" help:"Print the version."`

	resolved resolution
}

// hashing is what verbs need that make hashes.
type hashing struct {
	PasswordHasher string `setting:"TOKENPAIR_PASSWORD_HASHER" default:"argon2id" enum:"argon2id,pbkdf2_sha256" placeholder:"NAME" group:"Passwords" help:"How new password hashes are made: argon2id, or pbkdf2_sha256 for those who may go back to a Django without argon2."`
}

// serving is every setting that a server has, besides the database.
type serving struct {
	Listen          string   `setting:"TOKENPAIR_LISTEN" default:"127.0.0.1:8000" placeholder:"HOST:PORT" group:"Server" help:"Address to listen on."`
	Docs            bool     `setting:"TOKENPAIR_DOCS" default:"true" negatable:"" group:"Server" help:"Serve Swagger UI at /api/docs/ and the contract at /api/openapi.yaml and /api/openapi.json."`
	ShutdownTimeout duration `setting:"TOKENPAIR_SHUTDOWN_TIMEOUT" default:"10s" placeholder:"DURATION" group:"Server" help:"How long requests under way may take to finish after SIGTERM."`
	Compat          string   `setting:"TOKENPAIR_COMPAT" default:"none" enum:"none,simplejwt" placeholder:"PROGRAM" group:"Server" help:"Whose defaults other settings have: none for this program's own, or simplejwt."`

	hashing
	LoginWait duration `setting:"TOKENPAIR_LOGIN_WAIT" default:"5s" placeholder:"DURATION" group:"Passwords" help:"How long a login may wait for its turn to be hashed before it is answered 503."`

	tokens
	sessions
	keys
	sliding
	claims
	protected
}

// tokens is how long tokens live and what becomes of them.
type tokens struct {
	AccessTokenLifetime    duration `setting:"TOKENPAIR_ACCESS_TOKEN_LIFETIME" default:"5m" placeholder:"DURATION" group:"Tokens" help:"How long an access token is good."`
	RefreshTokenLifetime   duration `setting:"TOKENPAIR_REFRESH_TOKEN_LIFETIME" default:"1d" placeholder:"DURATION" group:"Tokens" help:"How long a refresh token is good."`
	RotateRefreshTokens    bool     `setting:"TOKENPAIR_ROTATE_REFRESH_TOKENS" default:"true" sessionless:"false" negatable:"" group:"Tokens" help:"Answer a refresh with a new refresh token too."`
	BlacklistAfterRotation bool     `setting:"TOKENPAIR_BLACKLIST_AFTER_ROTATION" default:"false" negatable:"" group:"Tokens" help:"Without sessions, blacklist a refresh token that was replaced by a new one, and let /api/token/verify ask the blacklist. With sessions it does nothing."`
	Leeway                 duration `setting:"TOKENPAIR_LEEWAY" default:"0s" placeholder:"DURATION" group:"Tokens" hidden:"" help:"How far clocks may differ: for so long, 12 hours at most, a token is still taken after it expired, or before it was issued."`
	UpdateLastLogin        bool     `setting:"TOKENPAIR_UPDATE_LAST_LOGIN" default:"false" negatable:"" hidden:"" group:"Tokens" help:"Remember when a user logged in last."`
}

// sessions is what becomes of a login.
type sessions struct {
	Sessions        bool     `setting:"TOKENPAIR_SESSIONS" default:"true" compat:"false" negatable:"" group:"Sessions" help:"Make a session of each login. It ends at a logout, at a change of the password, and when a refresh token comes back that was replaced, which may be stolen: then all its tokens are refused."`
	RefreshGrace    duration `setting:"TOKENPAIR_REFRESH_GRACE" default:"10s" placeholder:"DURATION" group:"Sessions" help:"For how long a refresh token that was just replaced is answered again, with the same new one: for lost answers and second tabs. With 0 they log the user out."`
	SessionLifetime duration `setting:"TOKENPAIR_SESSION_LIFETIME" default:"30d" placeholder:"DURATION" group:"Sessions" help:"How long after its login a session ends in any case, however often it is refreshed."`
}

// keys is what tokens are signed with.
type keys struct {
	Algorithm        algorithm `setting:"TOKENPAIR_ALGORITHM" default:"HS256" placeholder:"NAME" group:"Keys" help:"How tokens are signed: HS256, HS384, HS512 with a secret; RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA with a private key in PEM."`
	SigningKey       string    `kong:"-" setting:"TOKENPAIR_SIGNING_KEY" group:"Keys" help:"Key that signs tokens, and with HS256, HS384 and HS512 verifies them: text of at least 32, 48 or 64 bytes, or a private key in PEM. Without it and without a key file, a random key for HS256, HS384 and HS512 is made once and kept in the database."`
	SigningKeyFile   keyFile   `setting:"TOKENPAIR_SIGNING_KEY_FILE" placeholder:"PATH" group:"Keys" help:"File that holds the signing key, instead of the variable TOKENPAIR_SIGNING_KEY. One line end behind the key is dropped."`
	VerifyingKey     string    `kong:"-" setting:"TOKENPAIR_VERIFYING_KEY" group:"Keys" help:"Public key in PEM that verifies tokens. Without it, the public half of the signing key does."`
	VerifyingKeyFile keyFile   `setting:"TOKENPAIR_VERIFYING_KEY_FILE" placeholder:"PATH" group:"Keys" hidden:"" help:"File that holds the verifying key, instead of the variable TOKENPAIR_VERIFYING_KEY."`
}

// sliding is the kind of token that renews itself.
type sliding struct {
	SlidingTokens               bool     `setting:"TOKENPAIR_SLIDING_TOKENS" default:"false" compat:"true" negatable:"" hidden:"" group:"Sliding tokens" help:"Serve /api/token/sliding and /api/token/sliding/refresh. A sliding token is renewed without being replaced: a stolen one is good for as long as it is renewed in time."`
	SlidingTokenLifetime        duration `setting:"TOKENPAIR_SLIDING_TOKEN_LIFETIME" default:"5m" placeholder:"DURATION" hidden:"" group:"Sliding tokens" help:"How long a sliding token is good."`
	SlidingTokenRefreshLifetime duration `setting:"TOKENPAIR_SLIDING_TOKEN_REFRESH_LIFETIME" default:"1d" placeholder:"DURATION" hidden:"" group:"Sliding tokens" help:"How long after its login a sliding token can be renewed."`
	SlidingTokenRefreshExpClaim string   `setting:"TOKENPAIR_SLIDING_TOKEN_REFRESH_EXP_CLAIM" default:"refresh_exp" placeholder:"NAME" hidden:"" group:"Sliding tokens" help:"Claim that says until when a sliding token can be renewed."`
}

// claims is what stands in a token.
type claims struct {
	UserIDType       string      `setting:"TOKENPAIR_USER_ID_TYPE" default:"number" compat:"string" enum:"number,string" placeholder:"TYPE" group:"Claims" help:"How the claim user_id is written: number, or string as SimpleJWT does since 5.5.1."`
	JTIFormat        string      `setting:"TOKENPAIR_JTI_FORMAT" default:"hex" compat:"uuid4" enum:"hex,uuid4" placeholder:"FORMAT" group:"Claims" help:"How the claim jti is made: hex, 32 hex digits of 128 random bits, or uuid4, those of a random UUID as SimpleJWT makes it."`
	UserIDField      userIDField `setting:"TOKENPAIR_USER_ID_FIELD" default:"id" placeholder:"FIELD" hidden:"" group:"Claims" help:"What a token says of its user: id, or username. A name that is given to somebody else takes the tokens with it."`
	UserIDClaim      string      `setting:"TOKENPAIR_USER_ID_CLAIM" default:"user_id" placeholder:"NAME" hidden:"" group:"Claims" help:"Claim that says whose token it is."`
	TokenTypeClaim   string      `setting:"TOKENPAIR_TOKEN_TYPE_CLAIM" default:"token_type" placeholder:"NAME" hidden:"" group:"Claims" help:"Claim that says of what kind a token is."`
	JTIClaim         string      `setting:"TOKENPAIR_JTI_CLAIM" default:"jti" placeholder:"NAME" hidden:"" group:"Claims" help:"Claim that has the id under which a token is blacklisted."`
	Audience         list        `setting:"TOKENPAIR_AUDIENCE" sep:"none" placeholder:"NAME,..." hidden:"" group:"Claims" help:"Whom tokens are for, the claim aud: one name, or several. A token is taken that has one of them."`
	Issuer           string      `setting:"TOKENPAIR_ISSUER" placeholder:"NAME" hidden:"" group:"Claims" help:"Who issues tokens, the claim iss. A token of another issuer is refused."`
	CheckRevokeToken bool        `setting:"TOKENPAIR_CHECK_REVOKE_TOKEN" default:"false" negatable:"" hidden:"" group:"Claims" help:"Refuse tokens that were issued before the password was changed: they hold a digest of its hash."`
	RevokeTokenClaim string      `setting:"TOKENPAIR_REVOKE_TOKEN_CLAIM" default:"hash_password" placeholder:"NAME" hidden:"" group:"Claims" help:"Claim that has the digest for TOKENPAIR_CHECK_REVOKE_TOKEN."`
}

// protected is who passes on protected routes.
type protected struct {
	AuthHeaderTypes   schemes      `setting:"TOKENPAIR_AUTH_HEADER_TYPES" default:"Bearer" sep:"none" placeholder:"SCHEME,..." hidden:"" group:"Protected routes" help:"Words that may stand before the token, exactly as written. The first is named in WWW-Authenticate."`
	AuthHeaderName    headerName   `setting:"TOKENPAIR_AUTH_HEADER_NAME" default:"Authorization" placeholder:"NAME" hidden:"" group:"Protected routes" help:"Header that has the token: X-Access-Token, or as Django names it HTTP_X_ACCESS_TOKEN."`
	AuthTokenClasses  tokenClasses `setting:"TOKENPAIR_AUTH_TOKEN_CLASSES" default:"AccessToken" sep:"none" placeholder:"CLASS,..." hidden:"" group:"Protected routes" help:"Kinds of tokens that are taken: AccessToken, SlidingToken."`
	CheckUserIsActive bool         `setting:"TOKENPAIR_CHECK_USER_IS_ACTIVE" default:"true" negatable:"" hidden:"" group:"Protected routes" help:"Refuse the tokens of users who are not active, also at a refresh, which with sessions always asks."`
}

// newPassword is what verbs need that set a password.
type newPassword struct {
	hashing
	PasswordStdin bool `help:"Read the password from the first line of standard input instead of asking for it."`
}
