"""
A Django site with django-oauth-toolkit, on a port of 127.0.0.1 that the kernel chose and that the first line of the
output names. What it needs comes through the environment:

INTEROP_CONTROL   the secret of whoever started it; proves that this server is theirs
INTEROP_PEOPLE    JSON: who can log in
INTEROP_KEY       PEM of the key that signs ID tokens; empty: plain OAuth 2.0, without OpenID Connect
INTEROP_LIFETIME  seconds that an access token lives; empty: as long as the toolkit says

Its database lies in the working directory.
"""

import json
import os
import sys
from hmac import compare_digest
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

signing_key = os.environ["INTEROP_KEY"]
has_oidc = signing_key != ""
lifetime = os.environ["INTEROP_LIFETIME"]
# A refresh token is used once (its default), and who uses it twice ends all that came of it (not its default).
token_settings = {"ROTATE_REFRESH_TOKEN": True, "REFRESH_TOKEN_REUSE_PROTECTION": True}
if lifetime != "":
    token_settings["ACCESS_TOKEN_EXPIRE_SECONDS"] = int(lifetime)
login_page = "<!doctype html><form method=post>{% csrf_token %}{{ form }}<button>Log in</button></form>"

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3", "OPTIONS": {"timeout": 20}}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "oauth2_provider",
    ],
    LOGIN_URL="/accounts/login/",
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": has_oidc,
        "OIDC_RSA_PRIVATE_KEY": signing_key,
        "OIDC_RP_INITIATED_LOGOUT_ENABLED": has_oidc,
        "OAUTH2_VALIDATOR_CLASS": "__main__.Validator",
        **token_settings,
        "SCOPES": {"openid": "who you are", "profile": "your name", "email": "your address", "groups": "your groups"},
    },
    # The quick one: nobody keeps these passwords.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ROOT_URLCONF="__main__",
    SECRET_KEY=os.urandom(32).hex(),
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": ["django.template.context_processors.request"],
                "loaders": [
                    ("django.template.loaders.locmem.Loader", {"registration/login.html": login_page}),
                    "django.template.loaders.app_directories.Loader",
                ],
            },
        }
    ],
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import Group, User  # noqa: E402 (they need the settings)
from oauth2_provider.decorators import protected_resource  # noqa: E402
from oauth2_provider.models import AccessToken, Application, RefreshToken  # noqa: E402
from oauth2_provider.oauth2_validators import OAuth2Validator  # noqa: E402


def groups_of(user):
    return [group.name for group in user.groups.order_by("name")]


class Validator(OAuth2Validator):
    """The claims that the documentation of the toolkit tells one to add; it knows nothing of verified addresses."""

    oidc_claim_scope = {**OAuth2Validator.oidc_claim_scope, "groups": "groups"}

    def get_additional_claims(self):
        return {
            "name": lambda request: request.user.get_full_name(),
            "email": lambda request: request.user.email,
            "groups": lambda request: groups_of(request.user),
        }


@protected_resource(scopes=["profile"])
def who_am_i(request):
    """What sites without OpenID Connect have in its place: some JSON of their own."""
    user = request.resource_owner
    contact = {"address": user.email, "verified": user.is_staff}
    return JsonResponse(
        {"id": user.pk, "full_name": user.get_full_name(), "contact": contact, "teams": groups_of(user)}
    )


def is_ours(request):
    return compare_digest(request.headers.get("X-Control", ""), os.environ["INTEROP_CONTROL"])


@csrf_exempt
def rename(request):
    """Gives somebody another first name."""
    if not is_ours(request):
        return HttpResponse(status=403)
    change = json.loads(request.body)
    User.objects.filter(username=change["username"]).update(first_name=change["firstName"])
    return HttpResponse(status=201)


@csrf_exempt
def revoke(request):
    """Ends the tokens of somebody, as the toolkit's page does on which users take back what they allowed."""
    if not is_ours(request):
        return HttpResponse(status=403)
    username = json.loads(request.body)["username"]
    for token in AccessToken.objects.filter(user__username=username):
        token.revoke()
    for token in RefreshToken.objects.filter(user__username=username, revoked__isnull=True):
        token.revoke()
    return HttpResponse(status=201)


@csrf_exempt
def register(request):
    """Makes a client; whoever started this server may."""
    if not is_ours(request):
        return HttpResponse(status=403)
    client = json.loads(request.body)
    Application.objects.create(
        name="Sallyport",
        client_id=client["client_id"],
        client_secret=client["client_secret"],
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris=client["redirect_uri"],
        post_logout_redirect_uris=client["post_logout_redirect_uri"],
        algorithm=Application.RS256_ALGORITHM if has_oidc else Application.NO_ALGORITHM,
    )
    return HttpResponse(status=201)


urlpatterns = [
    path("accounts/", include("django.contrib.auth.urls")),
    path("o/", include("oauth2_provider.urls")),
    path("api/user", who_am_i),
    path("control/clients", register),
    path("control/rename", rename),
    path("control/revoke", revoke),
]


def create_people():
    for person in json.loads(os.environ["INTEROP_PEOPLE"]):
        user = User.objects.create_user(
            person["username"],
            person["email"],
            person["password"],
            first_name=person["firstName"],
            last_name=person["lastName"],
            # The site's own way of noting that it checked the address.
            is_staff=person["hasVerifiedEmail"],
        )
        user.groups.set([Group.objects.get_or_create(name=name)[0] for name in person["groups"]])


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def log_message(self, *args):
        """Says nothing: the tests look at requests themselves."""


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    create_people()
    with make_server("127.0.0.1", 0, get_wsgi_application(), Server, Handler) as server:
        print(f"serving on {server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            sys.exit(0)
