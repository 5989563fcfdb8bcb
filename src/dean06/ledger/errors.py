"""What the ledger may refuse."""

from dean06.core.errors import Conflict, Invalid, NotFound, Unavailable


class EntryNotFound(NotFound):
    """There is no such entry, or it does not concern this person."""

    code = "ledger.entry_not_found"
    message_vi = "Không tìm thấy lượt ghi này trong nhật ký của bạn."


class ProofPending(Unavailable):
    """The entry is written but not yet numbered; its proof exists within about a second."""

    code = "ledger.proof_pending"
    message_vi = "Bằng chứng đang được lập. Hãy thử lại sau ít giây."


class MalformedEntry(Invalid):
    """The name of a log or of a kind is not of the form that logs are kept under."""

    code = "ledger.malformed_entry"
    message_vi = "Lượt ghi nhật ký không đúng định dạng."


class MalformedWitness(Invalid):
    """The key or address of a witness, or the key of a log to watch, is not of the form that is kept."""

    code = "ledger.malformed_witness"
    message_vi = "Khóa hoặc địa chỉ của nhân chứng không đúng định dạng."


class ArchiveBroken(Conflict):
    """The files of the archive do not continue one another: one is missing, doubled or damaged."""

    code = "ledger.archive_broken"
    message_vi = "Các tệp lưu trữ không nối tiếp nhau: có tệp thiếu, trùng hoặc hỏng."


class ArchiveBusy(Conflict):
    """Another run writes into this archive. Wait until it has ended."""

    code = "ledger.archive_busy"
    message_vi = "Một lần lưu trữ khác đang ghi vào thư mục này; hãy đợi đến khi xong."


class RetentionRefused(Invalid):
    """The file of retention periods cannot be read or is not of the form. Correct the place named, or unset DEAN06_LEDGER_RETENTION."""

    code = "ledger.retention_refused"
    message_vi = "Không đọc được tệp thời hạn lưu giữ, hoặc tệp không đúng định dạng."
