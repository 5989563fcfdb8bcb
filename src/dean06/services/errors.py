"""What services may refuse, each with a stable code and a sentence that says what to do."""

from dean06.core.errors import Conflict, Denied, Invalid, NotFound, Unavailable


class MalformedDossierCode(Invalid):
    """The dossier code is not of the form agency-yymmdd-serial."""

    code = "services.malformed_dossier_code"
    message_vi = "Mã hồ sơ phải có dạng cơ quan-năm tháng ngày-số thứ tự, ví dụ G01.H49.06649-261119-0042."


class MalformedVerificationCode(Invalid):
    """The verification code is not sixteen letters and digits."""

    code = "services.malformed_verification_code"
    message_vi = "Mã kiểm tra gồm 16 chữ và số, ví dụ ABCD-EFGH-JKMN-PQRS. Hãy nhập lại như in trên kết quả."


class ClockFault(Conflict):
    """The legal clock was stopped twice, started twice, or given a day before its last one."""

    code = "services.clock_fault"
    message_vi = "Đồng hồ giải quyết đang ở trạng thái khác. Hãy tải lại trang rồi thử lại."


class DossierNotFound(NotFound):
    """There is no such dossier, or not for this caller."""

    code = "services.dossier_not_found"
    message_vi = "Không tìm thấy hồ sơ này trong số hồ sơ bạn được xem. Hãy kiểm tra lại mã hồ sơ."


class DraftNotFound(NotFound):
    """There is no such draft, or it is another person's."""

    code = "services.draft_not_found"
    message_vi = "Không tìm thấy bản nháp này. Hãy bắt đầu khai lại từ trang thủ tục."


class ConsentNotFound(NotFound):
    """There is no such request for consent, or it was put to another person."""

    code = "services.consent_not_found"
    message_vi = "Không tìm thấy lời hỏi ý kiến này trong số việc của bạn."


class DocumentNotFound(NotFound):
    """There is no such document, or not for this caller."""

    code = "services.document_not_found"
    message_vi = "Không tìm thấy giấy tờ này trong số giấy tờ bạn được xem."


class ResultNotFound(NotFound):
    """No result carries this verification code."""

    code = "services.result_not_found"
    message_vi = "Không có kết quả nào mang mã này. Hãy so lại từng nhóm bốn ký tự với bản in."


class ProcedureNotFound(NotFound):
    """No procedure has this code."""

    code = "services.procedure_not_found"
    message_vi = "Không có thủ tục nào mang mã này."


class ProcedureNotOnline(Conflict):
    """The procedure is shown for information and cannot be filed here yet."""

    code = "services.procedure_not_online"
    message_vi = "Thủ tục này chưa nộp trực tuyến tại đây. Hãy đến Trung tâm Phục vụ hành chính công."


class LogInFirst(Denied):
    """Nobody is logged in."""

    asks_for_login = True
    code = "services.log_in_first"
    message_vi = "Hãy đăng nhập bằng tài khoản định danh điện tử rồi mở lại trang này."


class LevelTooLow(Denied):
    """The account's level does not permit filing."""

    code = "services.level_too_low"
    message_vi = "Nộp hồ sơ cần tài khoản định danh mức độ 2. Hãy nâng mức tài khoản tại công an phường, xã gần nhất."


class NotYourStep(Denied):
    """The actor holds no post with the step's role."""

    code = "services.not_your_step"
    message_vi = "Bước này thuộc về người giữ vai trò khác. Hãy chuyển hồ sơ cho người có thẩm quyền."


class OutsideArea(Denied):
    """The dossier belongs to another agency or area."""

    code = "services.outside_area"
    message_vi = "Hồ sơ này thuộc cơ quan hoặc địa bàn khác, bạn không xử lý được."


class OwnDossier(Denied):
    """An officer may not decide her own dossier."""

    code = "services.own_dossier"
    message_vi = "Cán bộ không được giải quyết hồ sơ của chính mình. Hãy chuyển cho người khác."


class FourEyes(Denied):
    """Who appraised a dossier may not approve it."""

    code = "services.four_eyes"
    message_vi = "Người thẩm định không được phê duyệt cùng hồ sơ. Người khác phải làm bước này."


class HeldByAnother(Denied):
    """Another officer has claimed the dossier."""

    code = "services.held_by_another"
    message_vi = "Cán bộ khác đang nhận hồ sơ này. Người đó phải trả lại hàng chờ thì bạn mới làm được."


class WrongStep(Conflict):
    """The dossier's state or step does not allow this now."""

    code = "services.wrong_step"
    message_vi = "Hồ sơ đang ở bước khác nên chưa làm được việc này. Hãy tải lại trang để xem bước hiện tại."


class DossierChanged(Conflict):
    """Someone else changed the dossier in the meantime."""

    code = "services.dossier_changed"
    message_vi = "Hồ sơ vừa được người khác cập nhật. Hãy tải lại trang, xem thay đổi rồi làm lại."


class ConsentMissing(Conflict):
    """A consent that the procedure requires has not been given."""

    code = "services.consent_missing"
    message_vi = "Chưa đủ ý kiến đồng ý của chủ hộ hoặc chủ sở hữu chỗ ở. Hãy chờ họ trả lời, hoặc yêu cầu bổ sung."


class ConsentAnswered(Conflict):
    """The consent has been answered already."""

    code = "services.consent_answered"
    message_vi = "Bạn đã trả lời lời hỏi ý kiến này. Muốn đổi ý, hãy liên hệ cơ quan giải quyết."


class ReceiptMissing(Conflict):
    """The fee has not been entered as paid."""

    code = "services.receipt_missing"
    message_vi = "Chưa có biên lai lệ phí. Hãy nhập số biên lai, hoặc căn cứ miễn lệ phí, rồi trả kết quả."


class MalformedReceipt(Invalid):
    """The receipt number is missing or not printable, or the amount is not the fee."""

    code = "services.malformed_receipt"
    message_vi = "Nhập số biên lai in trên biên lai (chữ, số, dấu gạch và gạch chéo, đến 40 ký tự)."


class ReceiptUsed(Conflict):
    """The receipt number is entered for another dossier."""

    code = "services.receipt_used"
    message_vi = "Số biên lai này đã dùng cho hồ sơ khác. Hãy xem lại số in trên biên lai."


class NotEligible(Conflict):
    """The appraisal found the conditions not met; the dossier can only be stopped."""

    code = "services.not_eligible"
    message_vi = "Thẩm định kết luận không đủ điều kiện. Hồ sơ này chỉ có thể dừng xử lý, kèm căn cứ."


class RegistryNotConfirmed(Conflict):
    """The register has not confirmed the change yet."""

    code = "services.registry_not_confirmed"
    message_vi = "Cơ sở dữ liệu dân cư chưa xác nhận cập nhật. Thường chỉ mất vài giây; hãy tải lại trang."


class ReasonMissing(Invalid):
    """A reason is required here."""

    code = "services.reason_missing"
    message_vi = "Nhập lý do, ít nhất 10 ký tự, để người dân đọc được."


class AnswersIncomplete(Invalid):
    """The form is not complete yet."""

    code = "services.answers_incomplete"
    message_vi = "Tờ khai chưa đủ. Hãy xem các chỗ cần sửa rồi nộp lại."


class FormChanged(Conflict):
    """The form is not the one that was confirmed."""

    code = "services.form_changed"
    message_vi = "Tờ khai đã đổi từ lúc bạn xem lại. Hãy đọc lại tờ khai rồi nộp."


class UnknownPerson(Invalid):
    """The registry knows nobody with this number."""

    code = "services.unknown_person"
    message_vi = "Cơ sở dữ liệu dân cư không có ai mang số định danh này. Hãy nhập lại đủ 12 số."


class PersonDead(Conflict):
    """The person is registered as dead."""

    code = "services.person_dead"
    message_vi = "Người này đã được đăng ký khai tử nên không thể đứng tên hoặc cho ý kiến trong hồ sơ."


class NotRelated(Invalid):
    """The registry knows no relation as spouse, parent or child."""

    code = "services.not_related"
    message_vi = (
        "Cơ sở dữ liệu dân cư không ghi hai người là vợ chồng, cha mẹ hoặc con. Hãy chọn trường hợp khác và tải giấy tờ chứng minh quan hệ."
    )


class HouseholdMissing(Invalid):
    """The relative has no household with a registered permanent residence."""

    code = "services.household_missing"
    message_vi = "Người thân bạn chọn chưa có hộ đăng ký thường trú. Hãy chọn trường hợp khác."


class SameHousehold(Invalid):
    """The applicant already lives in that household."""

    code = "services.same_household"
    message_vi = "Bạn đã đăng ký thường trú trong chính hộ này nên không cần đăng ký lại."


class OtherCommune(Invalid):
    """The new place is not in the commune where the household is registered."""

    code = "services.other_commune"
    message_vi = "Chỗ ở của hộ bạn về ở cùng thuộc phường, xã khác. Hãy chọn đúng phường, xã của hộ đó."


class NoReceivingAgency(Unavailable):
    """No agency that settles this procedure is set up for the commune."""

    code = "services.no_receiving_agency"
    message_vi = "Công an phường, xã nơi đến chưa dùng hệ thống này. Hãy nộp tại Trung tâm Phục vụ hành chính công."


class RegistryUnavailable(Unavailable):
    """The population registry does not answer at the moment."""

    code = "services.registry_unavailable"
    message_vi = "Chưa lấy được dữ liệu từ cơ sở dữ liệu dân cư. Bản nháp vẫn được giữ; hãy thử lại sau ít phút."


class FileTooLarge(Invalid):
    """The file is larger than the limit."""

    code = "services.file_too_large"
    message_vi = "Tệp lớn hơn 5 MB. Hãy chụp hoặc quét lại với kích thước nhỏ hơn."


class FileTypeRefused(Invalid):
    """The file's content is neither PDF nor JPEG nor PNG."""

    code = "services.file_type_refused"
    message_vi = "Chỉ nhận tệp PDF, JPEG hoặc PNG. Hãy chọn tệp khác; đổi đuôi tên tệp không đủ."


class TooManyFiles(Invalid):
    """The draft or dossier holds as many files as it may."""

    code = "services.too_many_files"
    message_vi = "Mỗi hồ sơ nhận tối đa 10 tệp. Hãy ghép các trang của cùng một giấy tờ vào một tệp."


class EvidenceMissing(Invalid):
    """Evidence that the case requires is missing."""

    code = "services.evidence_missing"
    message_vi = "Trường hợp bạn chọn cần giấy tờ kèm theo. Hãy tải lên tệp PDF, JPEG hoặc PNG."


class NotText(Invalid):
    """The text is not UTF-8, or holds control characters."""

    code = "services.not_text"
    message_vi = "Nội dung gửi lên có ký tự không đọc được. Hãy gõ lại bằng bảng mã Unicode (UTF-8)."


class NotAPdf(Invalid):
    """The uploaded file cannot be read as a PDF."""

    code = "services.not_a_pdf"
    message_vi = "Không đọc được tệp này như một tệp PDF. Hãy chọn đúng tệp kết quả đã tải về."


class PackRefused(Invalid):
    """A procedure pack has faults."""

    code = "services.pack_refused"
    message_vi = "Gói thủ tục có lỗi, không nạp được. Xem tệp, dòng và cách sửa."


class ListingRefused(Invalid):
    """A file of procedures cannot be read."""

    code = "services.listing_refused"
    message_vi = "Không đọc được tệp danh mục thủ tục. Xem dòng và cách sửa."
