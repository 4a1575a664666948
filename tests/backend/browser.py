"""A client that speaks to the API as the web app in a browser does."""

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PASSWORD = "correct horse battery"


@dataclass
class Browser:
    """A client with its own cookies, which sends the CSRF token as the web app does."""

    client: FlaskClient
    csrf_token: str = ""

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(f"/api{path}", **options)

    def post(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self._change("POST", path, json=json, **options)

    def delete(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self._change("DELETE", path, json=json, **options)

    def _change(self, method: str, path: str, **options: Any) -> TestResponse:
        if not self.csrf_token:
            self.me()
        headers = {"X-CSRF-Token": self.csrf_token, **options.pop("headers", {})}
        options = {name: value for name, value in options.items() if value is not None}
        response = self.client.open(f"/api{path}", method=method, headers=headers, **options)
        if response.is_json and "csrf_token" in (response.json or {}):
            self.csrf_token = response.json["csrf_token"]
        return response

    def me(self) -> dict:
        me = self.get("/me").json
        self.csrf_token = me["csrf_token"]
        return me

    def rate(self, **stars: float) -> None:
        """rate(m1=4.5, m7=2): film 1 gets 4.5 stars, film 7 gets 2."""
        for name, rating in stars.items():
            response = self.post("/me/ratings", {"movie_id": int(name[1:]), "rating": rating})
            assert response.status_code == 201, response.text
