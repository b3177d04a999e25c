"""The page docs/trust.md: what bundles quote beside what is so, from committed records."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from training.templates.render import render
from training.trust.record import NEARLY_ALL, RatioBin, Real, Row, TrustRecord, Verdict

_DASH = "–"
_NEARLY_ONE = 0.99


def write_page(records: Sequence[TrustRecord], out: Path) -> None:
    """Write the page of some records."""
    verdicts = Counter(row.verdict(record.quoted) for record in records for row in record.rows)
    page = render(
        "trust.md.j2",
        records=records,
        limits=[(record, list(limits_of(record))) for record in records],
        count={str(verdict): verdicts[verdict] for verdict in Verdict},
        rows=verdicts.total(),
        nearly_all=share(NEARLY_ALL),
        name=name_of,
        share=share,
        rate=rate,
        bins=bins_of,
        real_rates=real_rates,
    )
    out.write_text(page, encoding="utf-8")


def name_of(row: Row) -> str:
    """Name of a row: its data set and corruption."""
    own = " (own test part)" if row.is_own and not row.corruption else ""
    return f"{row.data}, {row.corruption}" if row.corruption else f"{row.data}{own}"


def share(value: float | None) -> str:
    """Format a share in per cent with two significant digits; `unknown` for None."""
    if value is None:
        return "unknown"
    if value in {0, 1}:
        return f"{100 * value:g} %"
    shown = 1 - value if value > _NEARLY_ONE else value
    digits = max(0, 1 - math.floor(math.log10(100 * shown)))
    return f"{100 * value:.{min(digits, 4)}f} %"


def rate(value: float, interval: tuple[float, float]) -> str:
    """Format a rate with its interval."""
    low, high = (share(end).removesuffix(" %") for end in interval)
    return f"{share(value)} ({low}{_DASH}{high})"


def real_rates(row: Row, real: Real | None) -> tuple[str, str]:
    """Format FMR and FNMR of some pairs of a row; a dash where there is none."""
    if real is None:
        return _DASH, _DASH
    rates = real.rates
    fnmr = rate(rates.fnmr, rates.fnmr_interval) if row.shows_identity else _DASH
    return rate(rates.fmr, rates.fmr_interval), fnmr


def bins_of(record: TrustRecord) -> list[tuple[str, list[str]]]:
    """Table of likelihood ratios: a head and the answered pairs of each row that has genuine ones.

    The first row holds the edges of the bins.
    """
    shown = [row for row in record.rows if row.shows_identity and row.answered]
    lows = sorted({found.low for row in shown for found in _ratios(row)})
    table = [("claimed", [f"{_power(low)} to {_power(low + 1)}" for low in lows])]
    for row in shown:
        found = {each.low: _cell(each) for each in _ratios(row)}
        table.append((name_of(row), [found.get(low, "") for low in lows]))
    return table


def limits_of(record: TrustRecord) -> Iterator[str]:
    """Sentences on what a bundle quotes and does not hold, one for each row where it quotes."""
    for row in record.rows:
        verdict = row.verdict(record.quoted)
        if verdict is Verdict.WITHHELD:
            continue
        found = [*_rate_limits(row, record, verdict), *_ratio_limits(row)]
        if found:
            yield f"{name_of(row)}: {'; '.join(found)}"


def _rate_limits(row: Row, record: TrustRecord, verdict: Verdict) -> Iterator[str]:
    flagged = (
        "no check" if row.pairs_out is None else f"{share(row.pairs_out)} of the pairs flagged"
    )
    if row.answered is None:
        yield f"{flagged}, too few left for rates"
        return
    rates, quoted = row.answered.rates, record.quoted
    if verdict is Verdict.LIMIT:
        said = rate(quoted.fmr, quoted.fmr_interval)
        yield f"**FMR {rate(rates.fmr, rates.fmr_interval)}** where {said} is quoted, {flagged}"
    if row.misses_more(quoted):
        said = rate(quoted.fnmr, quoted.fnmr_interval)
        yield f"FNMR {rate(rates.fnmr, rates.fnmr_interval)} where {said} is quoted"


def _ratio_limits(row: Row) -> Iterator[str]:
    """Phrase on the ratios that claim more than is found, on either side of 1."""
    found = [
        f"of about {_power(each.claimed)} worth {_worth(each)}"
        for each in _ratios(row)
        if row.shows_identity and each.claims_too_much
    ]
    if found:
        yield f"likelihood ratios {', '.join(found)}"


def _ratios(row: Row) -> tuple[RatioBin, ...]:
    return row.answered.ratios if row.answered else ()


def _cell(found: RatioBin) -> str:
    """Claimed and actual ratio of a bin: bold where it claims too much, italic where too little."""
    actual = _worth(found)
    mark = "" if found.holds else "**" if found.claims_too_much else "*"
    return f"{_power(found.claimed)}: {mark}{actual}{mark}"


def _worth(found: RatioBin) -> str:
    """Actual ratio of a bin with its interval."""
    ends = _DASH.join(
        "∞" if end is None and is_high else _power(end)
        for is_high, end in enumerate(found.interval)
    )
    actual = "∞" if found.actual is None and not found.impostor else _power(found.actual)
    return f"{actual} ({ends})"


def _power(log10: float | None) -> str:
    """Format 10 to a power with two significant digits; 0 for None."""
    return "0" if log10 is None else f"{float(f'{10**log10:.2g}'):,g}"
