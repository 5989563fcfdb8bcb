"""What ``site`` may use of the portal: who is behind a request."""

from django.http import HttpRequest

from dean06.core.actor import Actor
from dean06.portal import neighbours
from dean06.portal.sessions import COOKIE, actor_of_session, find_session, keep_alive, name_of_session

__all__ = ["actor_of"]


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts: from the session cookie, or anonymous; asks the database only when there is a cookie.

    For the page's header the request also learns ``person_name`` and, of the first post, ``post_title`` and ``desk_name``.
    """
    session = find_session(request.COOKIES.get(COOKIE, ""))
    if session is None:
        return actor_of_session(None)
    session = keep_alive(session, posts_of=neighbours.posts_of)
    first = session.posts[0] if session.posts else {}
    for name, value in (
        ("person_name", name_of_session(session)),
        ("post_title", first.get("title", "")),
        ("desk_name", first.get("unit_name", "")),
    ):
        setattr(request, name, value)
    return actor_of_session(session)
