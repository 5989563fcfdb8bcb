"""What oversight may refuse."""

from dean06.core.errors import Denied, NotFound


class NotALeader(Denied):
    """These figures are open to posts of the steering group only."""

    asks_for_login = True
    code = "oversight.not_a_leader"
    message_vi = "Trang này dành cho cán bộ Tổ công tác. Hãy đăng nhập bằng tài khoản được giao nhiệm vụ."


class FiguresNotFound(NotFound):
    """There are no such figures in the area of your posts."""

    code = "oversight.figures_not_found"
    message_vi = "Không có số liệu này trong địa bàn bạn phụ trách."
