"""The report as it will be read: every sentence, nothing else, on paper colours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dashboard import look
from dashboard.words import t
from models.domain import Claim, Report
from reports.types import report_type


@dataclass(frozen=True)
class Part:
    """One section of a report as printed."""

    heading: str
    """Empty for one that goes on under the section before."""
    claims: tuple[Claim, ...]
    by_line: bool
    """One sentence to a line, or all in one paragraph."""


def parts_of(report: Report) -> list[Part]:
    """The sections that say something, in the order of printing. Sentences of an unknown section come last, never dropped."""
    known = report_type(report.type).sections
    parts = [Part(s.heading, tuple(c for c in report.claims if c.section == s.key), s.by_line) for s in known]
    keys = {section.key for section in known}
    strange = tuple(claim for claim in report.claims if claim.section not in keys)
    return [part for part in (*parts, Part("", strange, True)) if part.claims]


def paper(report: Report) -> str:
    """The whole text as HTML: title, recipients, sections, issuer, as the printed page has them. Gaps and estimates are tinted, exercise is framed."""
    lines = [f"<h4>{look.escaped(report.title)}</h4>"]
    if report.recipients:
        lines.append(f"<div>{look.escaped(t('paper.to', name=report.recipients[0]))}</div>")
    number = 0
    for part in parts_of(report):
        if part.heading:
            number += 1
            lines.append(f"<h5>{look.escaped(t(f'numeral.{min(number, 12)}'))}{look.escaped(part.heading)}</h5>")
        sentences = [_sentence(claim) for claim in part.claims]
        lines += [f"<p>{one}</p>" for one in (sentences if part.by_line else ["".join(sentences)])]
    lines.append(f"<div class='anlan-paper-end'>{look.escaped(report.issuer)}</div>")
    if report.recipients[1:]:
        lines.append(f"<div>{look.escaped(t('paper.copies', names=t('paper.comma').join(report.recipients[1:])))}</div>")
    frame = " anlan-paper-exercise" if report.mode == "exercise" else ""
    return f'<div class="anlan-paper{frame}">{"".join(lines)}</div>'


def _sentence(claim: Claim) -> str:
    kind = f' class="anlan-{claim.kind}"' if claim.kind in ("missing", "estimate") else ""
    return f"<span{kind}>{look.escaped(claim.text)}</span>"


def differences(claims: Iterable[Claim]) -> str:
    """What people changed: the machine's sentence struck through, the person's below. Empty when nothing was changed."""
    return "".join(
        f'<div class="anlan-evidence"><span class="anlan-diff-old">{look.escaped(claim.machine_text)}</span><br>'
        f'<span class="anlan-diff-new">{look.escaped(claim.text)}</span></div>'
        for claim in claims
        if claim.machine_text is not None and claim.machine_text != claim.text
    )
