"""What can go wrong, named for what happened.

`Refused` and its kinds are answers to a person: one clear line, exit status 1, nothing written.
`BadRecord` concerns one record of many: it is quarantined with its reason and the rest goes on.
Anything else is a defect and is allowed to crash, because going on might write something wrong.
"""

import errno


def storage_trouble(error: OSError) -> str | None:
    """What a full, read-only or forbidden disk means for the person at the desk; null for any other failure."""
    where = f" {error.filename}" if error.filename else ""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"磁盘已满，没有写入{where}。台账里确认过的都在；请腾出空间，程序随后自行继续。"
        case errno.EROFS | errno.EACCES | errno.EPERM:
            return f"磁盘只读或没有写权限，没有写入{where}。请恢复写权限或重新挂载，程序随后自行继续。"
        case errno.EIO:
            return f"磁盘读写出错{where}。请立即检查磁盘，并用 anlan restore 把最近的备份恢复到另一块磁盘。"
    return None


class AnlanError(Exception):
    """A failure this project foresaw. `str(error)` is a sentence for the person at the desk: what, where, what to do."""

    retry: bool = False
    """Whether the same call may succeed later without anyone changing anything."""


class Refused(AnlanError):
    """The request is understood and will not be carried out."""


class NotFound(Refused):
    """Nothing is known under that name or id."""


class NotAllowed(Refused):
    """This person may not do this; the refusal itself is written to the ledger."""


class MustChange(NotAllowed):
    """The password is right and was set by someone else: it must be changed before it opens anything."""


class NeedsCode(NotAllowed):
    """The password is right and the account also wants the code its owner's telephone shows."""


class Stale(Refused):
    """Someone changed it since it was read; read it again before deciding."""


class BadInput(Refused):
    """A whole file or stream cannot be read safely. The message names the file and what to do."""


class BadRecord(AnlanError):
    """One record cannot be read. It is kept, unread, in quarantine with this reason."""


class BrokenDefinition(AnlanError):
    """A shipped or local definition file (rule, hazard, standard, source, report type) is wrong: the start stops here."""


class Damaged(AnlanError):
    """What is kept is not what was written: a changed entry, a broken database page, a torn archive. It is never mended in silence."""


class Unreachable(AnlanError):
    """A part we depend on (graph engine, database, model) did not answer."""

    retry = True
