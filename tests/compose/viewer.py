"""Someone at a browser: cookies, and the CSRF token on what changes something."""

import http.cookiejar
import json
import urllib.request
from typing import Any


class Viewer:
    """A guest of a server, with ratings of their own."""

    def __init__(self, url: str) -> None:
        self._url = url
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        self._token = self.call("GET", "/api/me")["csrf_token"]
        self._token = self.call("POST", "/api/session/guest")["csrf_token"]

    def register(self, name: str, password: str) -> None:
        """Become an account, which keeps what the guest rated."""
        self._token = self.call("POST", "/api/accounts", {"name": name, "password": password})["csrf_token"]

    def call(self, method: str, path: str, body: object = None) -> Any:
        headers = {"Content-Type": "application/json"}
        if method != "GET":
            headers["X-CSRF-Token"] = self._token
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        with self._opener.open(request, timeout=30) as answer:
            return json.load(answer)

    def rate(self, movie_id: int, rating: float) -> None:
        self.call("POST", "/api/me/ratings", {"movie_id": movie_id, "rating": rating})
