"""A list at the desk: views with their counts, a search, one page of rows; the same for every list that is made with it."""

from urllib.parse import parse_qs

import pytest
from django.db.models import Q
from django.http import Http404
from django.template import Context, Template
from django.urls import reverse

from dean06.core.actor import Actor
from dean06.core.keys import PersonKey, new_key
from dean06.core.paging import MalformedCursor, encode_cursor, page_of
from dean06.exchange.models import Member
from dean06.services.models import Dossier
from dean06.ui.public import listed

pytestmark = pytest.mark.django_db

VIEWS = {
    "all": ("Tất cả", Q()),
    "governments": ("Cơ quan", Q(member_class="GOV")),
    "revoked": ("Đã thu hồi", Q(revoked_at__isnull=False)),
}


@pytest.fixture
def members():
    """Five agencies and a bank, in a table that a pack would fill."""
    Member.objects.bulk_create(
        Member(instance="VN", member_class="GOV", member_code=f"G{number}", name=f"Bộ {number}", gateway="local", key_name=f"g{number}")
        for number in range(1, 6)
    )
    Member.objects.create(instance="VN", member_class="COM", member_code="BANK", name="Ngân hàng", gateway="local", key_name="bank")
    return Member.objects.all()


@pytest.fixture
def shown(rf, members):
    """Return the context of the list that an address asks for."""

    def ask(**query):
        return listed(
            rf.get("/members", query),
            members,
            views=VIEWS,
            search=lambda text: Q(name__icontains=text),
            order=("member_code",),
            show=lambda member: member.member_code,
            size=2,
        )

    return ask


def pages(shown, **query):
    """Turn the pages by the pager's own links until there is none."""
    found = [shown(**query)]
    while found[-1]["next_cursor"]:
        found.append(shown(**query, cursor=found[-1]["next_cursor"]))
    return [page["rows"] for page in found]


def test_the_first_view_is_shown_unless_another_one_is_asked_for(shown):
    plain, chosen = shown(), shown(view="governments")

    assert [chip["view"] for chip in plain["chips"] if chip["is_current"]] == [plain["view"]] == ["all"]
    assert [chip["view"] for chip in chosen["chips"] if chip["is_current"]] == [chosen["view"]] == ["governments"]
    assert plain["rows"] == ["BANK", "G1"]
    assert chosen["rows"] == ["G1", "G2"]


def test_a_view_s_count_is_of_the_whole_view_whatever_is_searched_for_and_shown(shown):
    for query in ({}, {"view": "revoked"}, {"q": "ngân"}):
        assert [(chip["label"], chip["count"]) for chip in shown(**query)["chips"]] == [("Tất cả", 6), ("Cơ quan", 5), ("Đã thu hồi", 0)]


def test_a_view_that_there_is_not_leads_nowhere(shown):
    with pytest.raises(Http404):
        shown(view="mine")
    with pytest.raises(Http404):
        shown(view="")


@pytest.mark.parametrize("words", ["", "   "])
def test_a_search_without_words_is_none(shown, words):
    assert shown(q=words)["q"] == ""
    assert pages(shown, q=words) == [["BANK", "G1"], ["G2", "G3"], ["G4", "G5"]]


def test_a_search_is_made_within_the_view(shown):
    assert shown(q=" ngân ")["rows"] == ["BANK"]
    assert shown(q="ngân", view="governments")["rows"] == []


def test_a_search_without_hits_shows_no_row_and_no_next_page(shown):
    found = shown(q="không có ai tên thế")

    assert (found["rows"], found["next_cursor"], found["q"]) == ([], "", "không có ai tên thế")


def test_a_search_is_no_longer_than_its_field_and_holds_nothing_that_the_database_refuses(shown):
    long = shown(q="x" * 5000)

    assert len(long["q"]) == long["longest"]
    assert shown(q="ng\x00ân")["rows"] == ["BANK"]


def test_pages_end_with_the_last_row_and_a_full_last_page_promises_no_further_one(shown):
    assert pages(shown) == [["BANK", "G1"], ["G2", "G3"], ["G4", "G5"]]
    assert pages(shown, view="governments") == [["G1", "G2"], ["G3", "G4"], ["G5"]]


def test_a_cursor_beyond_the_end_shows_no_row(shown, members):
    beyond = shown()["next_cursor"]
    members.exclude(member_code__in=["BANK", "G1"]).delete()

    found = shown(cursor=beyond)
    assert (found["rows"], found["next_cursor"]) == ([], "")
    with pytest.raises(MalformedCursor):
        shown(cursor="không phải của ta")


def test_the_next_page_is_of_the_same_view_and_search(rf, members, shown):
    asked = {"view": "governments", "q": "Bộ"}
    link = Template("{% pager next_cursor %}").render(Context({**shown(**asked), "request": rf.get("/members", asked)}))

    query = {name: values[0] for name, values in parse_qs(link.split('href="?')[1].split('"')[0].replace("&amp;", "&")).items()}
    assert {name: query[name] for name in asked} == asked
    assert shown(**query)["rows"] == ["G3", "G4"]


@pytest.mark.parametrize("value", ["abc", None, float("inf"), float("nan"), "\x00"])
def test_a_cursor_of_another_list_is_refused_whatever_it_holds(members, value):
    with pytest.raises(MalformedCursor):
        page_of(members, order=("-id",), cursor=encode_cursor([value]))


@pytest.mark.parametrize("values", [["2026-99-99", str(new_key())], ["yesterday", str(new_key())], ["2026-06-01", "7"], [7, 7]])
def test_a_cursor_of_another_list_is_refused_by_days_and_keys_too(values):
    with pytest.raises(MalformedCursor):
        page_of(Dossier.objects.all(), order=("queue_on", "id"), cursor=encode_cursor(values))


def test_a_cursor_with_what_no_text_of_the_database_holds_is_refused(members):
    with pytest.raises(MalformedCursor):
        page_of(members, order=("member_code", "id"), cursor=encode_cursor(["G\x001", 1]))


@pytest.mark.parametrize("name", ["services:queue", "services:procedures", "portal:search", "developer:catalogue"])
def test_every_search_answers_to_words_that_no_text_of_the_database_holds(client, acting, name):
    acting(Actor(account="desk", person=PersonKey(new_key()), unit_code="H49", roles=frozenset({"one_stop_officer"}), area=("VN",)))

    answer = client.get(reverse(name), {"q": "a\x00b"})
    assert answer.status_code == 200
    assert 'value="ab"' in answer.content.decode()
