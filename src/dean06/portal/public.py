"""What ``site`` may use of the portal: who is behind a request."""

from django.http import HttpRequest

from dean06.core.actor import Actor
from dean06.portal import neighbours
from dean06.portal.sessions import COOKIE, actor_of_session, find_session, keep_alive, name_of_session

__all__ = ["actor_of", "name_of"]


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts: from the session cookie, or anonymous; asks the database only when there is a cookie."""
    session = find_session(request.COOKIES.get(COOKIE, ""))
    if session is None:
        return actor_of_session(None)
    session = keep_alive(session, posts_of=neighbours.posts_of)
    request.person_name = name_of_session(session)  # type: ignore[attr-defined]  # for the header, as the session knows it
    return actor_of_session(session)


def name_of(request: HttpRequest) -> str:
    """Return the name that greets the person, after ``actor_of``."""
    return str(getattr(request, "person_name", ""))
