"""The application: its services, what every request passes, its blueprints."""

import os
import re
from importlib.metadata import version
from typing import Any

import orjson
from apiflask import APIFlask
from flask.json.provider import JSONProvider
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from movie_genie.backend.accounts import Accounts
from movie_genie.backend.administration import Administration
from movie_genie.backend.database import Database
from movie_genie.backend.errors import init_errors
from movie_genie.backend.feedback import Feedback
from movie_genie.backend.inputs import LARGEST_ID
from movie_genie.backend.limits import Limits
from movie_genie.backend.logs import configure_logging
from movie_genie.backend.metrics import Metrics
from movie_genie.backend.middleware import init_middleware
from movie_genie.backend.openapi import init_openapi
from movie_genie.backend.posters import Posters
from movie_genie.backend.progress import FirstTraining
from movie_genie.backend.services import KEY, Services
from movie_genie.backend.session import HEADER
from movie_genie.backend.settings import Settings, read_settings, secret_key
from movie_genie.backend.views.accounts import accounts
from movie_genie.backend.views.admin import admin
from movie_genie.backend.views.admin_accounts import admin_accounts
from movie_genie.backend.views.docs import docs
from movie_genie.backend.views.events import events
from movie_genie.backend.views.home import home
from movie_genie.backend.views.movies import movies
from movie_genie.backend.views.personas import personas
from movie_genie.backend.views.posters import posters_blueprint
from movie_genie.backend.views.ratings import ratings
from movie_genie.backend.views.search import search
from movie_genie.backend.views.system import system_blueprint
from movie_genie.backend.views.transfers import transfers
from movie_genie.backend.views.web import WebPathConverter, web
from movie_genie.private_files import private_folder
from movie_genie.releases.live import LiveRelease
from movie_genie.revisions import code_revision


def create_app(settings: Settings | None = None) -> APIFlask:
    """Make the application of one process; call it after the process has forked.

    Parameters
    ----------
    settings
        None: read from the environment.

    Raises
    ------
    UserError
        When a setting is wrong or weak, or the database is not what the program needs.
    """
    settings = settings or read_settings(os.environ)
    configure_logging(json_lines=settings.production)
    private_folder(settings.run_folder)
    secret = secret_key(settings)
    database = Database(settings.database)
    database.prepare()
    live = LiveRelease(settings.releases)
    live.start()
    limits = Limits(settings.rate_limit_storage, settings.rate_limit)

    app = APIFlask(
        __name__,
        title="Movie Genie",
        version=version("movie-genie"),
        spec_path="/api/openapi.json",
        docs_path=None,
        static_folder=None,  # type: ignore[arg-type]  # Flask's way to serve none; APIFlask's annotation forgets it
    )
    app.json = OrjsonProvider(app)
    app.config["TRUSTED_HOSTS"] = settings.hosts
    app.config["MAX_CONTENT_LENGTH"] = settings.max_upload_mb * 1024 * 1024
    app.url_map.converters |= {"int": IdConverter, "web": WebPathConverter}
    app.extensions[KEY] = Services(
        settings=settings,
        secret=secret,
        database=database,
        accounts=Accounts(database),
        administration=Administration(database),
        feedback=Feedback(database),
        limits=limits,
        live=live,
    )
    metrics = Metrics()
    init_errors(app)
    init_openapi(app)
    init_middleware(app, settings, secret, limits, metrics)
    for blueprint in (
        system_blueprint(metrics, FirstTraining(settings), code_revision()),
        movies,
        search,
        personas,
        accounts,
        ratings,
        home,
        transfers,
        events,
        admin,
        admin_accounts,
        docs,
        posters_blueprint(Posters(settings.run_folder / "posters")),
    ):
        app.register_blueprint(blueprint, url_prefix="/api")
    app.register_blueprint(web)
    if settings.origins:
        # Patterns, as the library would take a string with brackets for one that it may match in part.
        exact = [re.compile(rf"{re.escape(origin)}\Z", re.IGNORECASE) for origin in settings.origins]
        CORS(app, origins=exact, supports_credentials=True, allow_headers=["Content-Type", HEADER])
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # Flask's documented way to wrap itself
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    return app


class OrjsonProvider(JSONProvider):
    """JSON by orjson, which also writes dataclasses."""

    def dumps(self, obj: Any, **_options: Any) -> str:  # Any: Flask's own signature
        """Return `obj` as JSON."""
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_options: Any) -> Any:  # Any: Flask's own signature
        """Return what the JSON says."""
        return orjson.loads(s)


class IdConverter(IntegerConverter):
    """A whole number in a path, no larger than an id can be: beyond that no database column reaches."""

    def __init__(self, map: Any) -> None:  # Any: the router's own signature
        super().__init__(map, max=LARGEST_ID)
