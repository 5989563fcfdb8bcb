"""Names of claims, methods and levels as people read them."""

from collections.abc import Iterable

from django.utils.translation import gettext as _


def claim_label(name: str) -> str:
    """Name a claim."""
    labels = {
        "name": _("Họ, chữ đệm và tên"),
        "birthdate": _("Ngày sinh"),
        "gender": _("Giới tính"),
        "address": _("Nơi thường trú"),
        "number": _("Số định danh cá nhân"),
    }
    return labels.get(name, name)


def method_words(methods: Iterable[str]) -> str:
    """Say how someone signed in."""
    found = set(methods)
    if found & {"hwk", "swk"}:
        return _("khóa trên máy")
    if "otp" in found:
        return _("mật khẩu và mã dùng một lần")
    return _("mật khẩu") if "pwd" in found else ""
