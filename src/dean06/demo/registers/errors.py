"""What an invented register may refuse."""

from dean06.core.errors import Invalid, NotFound


class NotInRegister(NotFound):
    """The register knows nobody and nothing by this number."""

    code = "demo.not_in_register"
    message_vi = "Không có ai hoặc không có gì mang số này trong cơ sở dữ liệu."


class MalformedQuestion(Invalid):
    """The request's body is not a JSON document of the described form."""

    code = "demo.malformed_question"
    message_vi = "Nội dung yêu cầu không đúng mẫu. Xem tài liệu OpenAPI của dịch vụ."


class NoSuchOperation(NotFound):
    """The register offers no such path, or not by this method."""

    code = "demo.no_such_operation"
    message_vi = "Cơ sở dữ liệu này không có dịch vụ đó."
