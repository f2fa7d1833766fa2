"""Django's password hashers, made cheap where the format allows it."""
from django.contrib.auth import hashers


class CheapPBKDF2(hashers.PBKDF2PasswordHasher):
    iterations = 1000


class CheapBCryptSHA256(hashers.BCryptSHA256PasswordHasher):
    rounds = 4


class CheapBCrypt(hashers.BCryptPasswordHasher):
    rounds = 4
