"""What signing may refuse, each with a sentence that says what to do."""

from dean06.core.errors import Conflict, Denied, Invalid, NotFound, Unavailable


class KeystoreLocked(Unavailable):
    """The key store does not open with the configured passphrase; restore DEAN06_KEY_PASSPHRASE or secrets/keystore."""

    code = "signing.keystore_locked"
    message_vi = "Kho khóa không mở được bằng mật khẩu đang cấu hình. Hãy khôi phục đúng mật khẩu của kho khóa rồi khởi động lại."


class KeyDamaged(Unavailable):
    """A file of the key store was altered or cut short; restore it from a backup."""

    code = "signing.key_damaged"
    message_vi = "Tệp khóa bị hỏng hoặc đã bị sửa. Hãy khôi phục tệp từ bản sao lưu."


class KeyNotFound(NotFound):
    """There is no key of this name; make it with ensure_key first."""

    code = "signing.key_not_found"
    message_vi = "Chưa có khóa ký mang tên này. Hãy tạo khóa trước khi ký."


class KeyNameInvalid(Invalid):
    """A key name has up to 120 letters, digits, dots, dashes or underscores and starts with a lower-case letter."""

    code = "signing.key_name_invalid"
    message_vi = "Tên khóa chỉ gồm chữ cái không dấu, chữ số, dấu chấm, gạch nối, gạch dưới; dài tối đa 120 ký tự."


class SubjectInvalid(Invalid):
    """The subject of a certificate needs a common name of 1 to 64 characters and an organisation of at most 64."""

    code = "signing.subject_invalid"
    message_vi = "Tên trên chứng thư số phải có từ 1 đến 64 ký tự; tên cơ quan tối đa 64 ký tự."


class KeyInOtherUse(Conflict):
    """The key exists for another use; one key serves one purpose only."""

    code = "signing.key_in_other_use"
    message_vi = "Khóa này đã được cấp cho mục đích khác. Mỗi khóa chỉ dùng cho một mục đích."


class KeyCannotSignThis(Conflict):
    """This kind of key does not make this kind of signature."""

    code = "signing.key_cannot_sign_this"
    message_vi = "Loại khóa này không tạo được loại chữ ký yêu cầu."


class TimestampRefused(Invalid):
    """The time-stamp authority refuses this imprint; send a SHA-256 digest of 32 bytes."""

    code = "signing.timestamp_refused"
    message_vi = "Không cấp được dấu thời gian cho dữ liệu này. Hãy gửi giá trị băm SHA-256 dài 32 byte."


class TimestampQueryUnreadable(Invalid):
    """Send the query as application/timestamp-query (RFC 3161, section 3.4)."""

    code = "signing.timestamp_query_unreadable"
    message_vi = "Hãy gửi yêu cầu dấu thời gian với kiểu nội dung application/timestamp-query (RFC 3161)."


class TimestampQueryTooLarge(Invalid):
    """A time-stamp query has at most 4096 bytes."""

    code = "signing.timestamp_query_too_large"
    message_vi = "Yêu cầu dấu thời gian dài tối đa 4096 byte."


class PdfUnreadable(Invalid):
    """The file is no PDF, is damaged, or is encrypted."""

    code = "signing.pdf_unreadable"
    message_vi = "Tệp này không phải PDF, bị hỏng hoặc được đặt mật khẩu. Hãy chọn tệp PDF khác."


class PdfTooLarge(Invalid):
    """The PDF has more than 20 MiB, 500 pages, 100 revisions, 40 signatures or 50,000 objects."""

    code = "signing.pdf_too_large"
    message_vi = "Tệp PDF vượt quá giới hạn: tối đa 20 MB, 500 trang, 40 chữ ký. Hãy chia nhỏ tệp."


class FieldNotFound(NotFound):
    """The document has no signature field of this name."""

    code = "signing.field_not_found"
    message_vi = "Văn bản không có ô chữ ký này."


class FieldAlreadySigned(Conflict):
    """This signature field is filled already; a signature is never replaced."""

    code = "signing.field_already_signed"
    message_vi = "Ô chữ ký này đã được ký. Không ký lại lên chữ ký đã có."


class FieldPlacementInvalid(Invalid):
    """A field needs a new ASCII name, a box of some size and a page that exists."""

    code = "signing.field_placement_invalid"
    message_vi = "Ô chữ ký cần tên mới bằng chữ không dấu, khung có kích thước và trang có trong văn bản."


class BoundHashInvalid(Invalid):
    """The hash to bind must be a SHA-256 of 32 bytes."""

    code = "signing.bound_hash_invalid"
    message_vi = "Giá trị băm gắn với chữ ký phải là SHA-256, dài 32 byte."


class RequestNotUsable(Invalid):
    """Not a certificate request (PKCS#10, PEM) for a P-256 key that is signed by the key itself."""

    code = "signing.request_not_usable"
    message_vi = "Tệp không phải yêu cầu cấp chứng thư hợp lệ cho khóa P-256."


class ChainNotTrusted(Denied):
    """The chain of certificates does not lead to the trusted root, or the certificate is another's."""

    code = "signing.chain_not_trusted"
    message_vi = "Chuỗi chứng thư không dẫn về gốc tin cậy hoặc chứng thư của bên khác."


class TimestampWrong(Invalid):
    """The time-stamp is not one of a trusted authority over these bytes."""

    code = "signing.timestamp_wrong"
    message_vi = "Dấu thời gian không phải của tổ chức tin cậy hoặc không đóng trên dữ liệu này."
