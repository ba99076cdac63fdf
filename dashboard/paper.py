"""The report as it will be read: every sentence, nothing else, on paper colours."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard import look
from dashboard.words import t
from models.domain import Claim, Report
from reports.types import report_type


def headings(report: Report) -> dict[str, str]:
    """Heading of each section of the report's type, in order; empty for one that goes on under the section before."""
    return {section.key: section.heading for section in report_type(report.type).sections}


def sections(report: Report) -> list[tuple[str, list[Claim]]]:
    """Headings with their sentences, in the order of printing; sentences of an unknown section come last, never dropped."""
    order = headings(report)
    keys = [*order, *dict.fromkeys(claim.section for claim in report.claims if claim.section not in order)]
    return [(order.get(key, key), [c for c in report.claims if c.section == key]) for key in keys if any(c.section == key for c in report.claims)]


def paper(report: Report) -> str:
    """The whole text as HTML: title, recipients, sections, issuer. Missing markers and estimates are tinted, exercise is framed."""
    parts = [f"<h4>{look.escaped(report.title)}</h4>", f"<div>{look.escaped(t('paper.to', names=t('common.comma').join(report.recipients)))}</div>"]
    number = 0
    for heading, claims in sections(report):
        if heading:
            number += 1
            parts.append(f"<h5>{look.escaped(t(f'numeral.{min(number, 12)}'))}{look.escaped(heading)}</h5>")
        parts.append(f"<div>{''.join(_sentence(claim) for claim in claims)}</div>")
    parts.append(f"<div style='text-align:right;margin-top:1rem'>{look.escaped(report.issuer)}</div>")
    frame = " anlan-paper-exercise" if report.mode == "exercise" else ""
    return f'<div class="anlan-paper{frame}">{"".join(parts)}</div>'


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
