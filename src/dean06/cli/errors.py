"""What any command may be refused with; kept apart from the programs that raise it, so that naming an error imports nothing else."""

from dean06.core.errors import Unavailable


class DatabaseUnreachable(Unavailable):
    """The database does not answer: check DATABASE_URL, the network and the server's log."""

    code = "cli.database_unreachable"
    message_vi = "Không kết nối được cơ sở dữ liệu. Hãy kiểm tra DATABASE_URL, đường mạng và nhật ký máy chủ."


class NotRunning(Unavailable):
    """The installation's own database is not running: start dean06 up in another terminal, then run this command again."""

    code = "cli.not_running"
    message_vi = "Hệ thống chưa chạy. Hãy chạy dean06 up ở một cửa sổ khác rồi thử lại lệnh này."
