"""Template tags of the panel: built in, no `{% load %}` needed.

`{% icon "globe" %}`                      a symbol of static/icons.svg; `state="ok"` colours it
`{% usage used limit %}`                  a meter for a table; `label="Storage"` makes the large one,
                                          `unit="count"` for things that are not bytes
`{% allotment meter %}`                   a tenant's meter: used, promised, free; `mini=True` for a table
`{% widget field %}`                      a form field's control with the classes of the design
`{% kept_filters %}`                      the filters of a list as hidden fields, for its search
`{% qr "https://…" %}`                    a QR code that leads there
`|bytes_words` `|ago` `|date_words`       figures and times as people say them
`|u_domain` `|u_address` `|initials`      names as people write them
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import segno
from django import forms, template
from django.forms.boundfield import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from panel.lib.addresses import display_address, display_domain
from panel.tenants.figures import Meter

register = template.Library()

KIB = 1024
# Design: warn from 85 per cent, bad from 95 where running out stops mail.
WARN_PERCENT = 85
BAD_PERCENT = 95
DAY = timedelta(days=1)


@register.simple_tag
def icon(name: str, css: str = "", *, state: str = "") -> SafeString:
    """The symbol `i-<name>`; it says nothing by itself, so a word belongs beside it."""
    return format_html(
        '<svg class="icon{}{}"{} aria-hidden="true"><use href="{}#i-{}"/></svg>',
        " " if css else "",
        css,
        format_html(' data-s="{}"', state) if state else "",
        static("icons.svg"),
        name,
    )


@register.simple_tag
def qr(url: str) -> SafeString:
    """A QR code that leads to `url`, dark on light in both themes, as cameras need it."""
    drawn = segno.make(url, error="m").svg_inline(
        border=4, omitsize=True, svgclass="qr", lineclass="", light="#fff"
    )
    return mark_safe(drawn)  # noqa: S308 -- only squares and two colours of segno's own


@register.filter
def bytes_words(amount: int | None) -> str:
    """`18.4 GB`: binary steps, three figures at most; no amount is "not measured yet"."""
    if amount is None:
        return "not measured yet"
    value, unit = _scaled(amount)
    return f"{_figure(value)} {unit}"


@register.filter
def count_words(amount: int | None) -> str:
    return "not counted yet" if amount is None else f"{amount:,}"


@register.simple_tag
def usage(used: int | None, limit: int | None, *, label: str = "", unit: str = "bytes") -> SafeString:
    """How much of `limit` is used: small for a table, or with `label` a line of a card. Without a
    limit there is nothing to be full of, so there is no bar."""
    words = f"{_words(used, unit)}, no limit" if limit is None else _of(used, limit, unit)
    percent = _percent(used, limit)
    state = _fullness(percent, unit)
    data = format_html(' data-s="{}"', state) if state else ""
    meter = "" if limit is None else _meter(f"{label}: {words}" if label else words, percent)
    if not label:
        return format_html('<div class="usage mini"{}>{}<span>{}</span></div>', data, meter, words)
    figure = format_html('<b class="{}">{}</b>', "hot" if state else "", _words(used, unit))
    rest = ", no limit" if limit is None else f"{',' if used is None else ' of'} {_words(limit, unit)}"
    return format_html(
        '<div class="usage"{}><p><span>{}</span><span>{}{}</span></p>{}</div>',
        data,
        label,
        figure,
        rest,
        meter,
    )


@register.simple_tag
def allotment(meter: Meter, *, mini: bool = False) -> SafeString:
    """How much of a tenant's limit is used (solid) and promised (ticks). It never goes beyond a warning:
    what runs out here stops no mail, only new mailboxes. Large, or `mini` for a table."""
    share = _percent(meter.used, meter.limit)
    given = _percent(meter.promised, meter.limit)
    by_promise = given >= WARN_PERCENT > share
    warns = max(share, given) >= WARN_PERCENT
    state = mark_safe(' data-s="warn"') if warns else ""
    css = " by-alloc" if by_promise else ""
    words = (
        f"{_words(meter.used, meter.unit)}, no limit"
        if meter.limit is None
        else _of(meter.used, meter.limit, meter.unit)
    )
    bar = "" if meter.limit is None else _allotment_bar(meter, share, given)
    if mini and meter.limit is None and not meter.used:
        return mark_safe('<span class="faint">None</span>')
    if mini:
        return format_html('<div class="usage mini{}"{}>{}<span>{}</span></div>', css, state, bar, words)
    return format_html(
        '<div class="usage big{}"{}><p><span>{}</span><span>{}</span></p>{}<p>{}</p></div>',
        css,
        state,
        meter.label,
        "no limit" if meter.limit is None else f"limit {_words(meter.limit, meter.unit)}",
        bar,
        _allotment_parts(meter, by_promise=by_promise, warns=warns),
    )


@register.filter
def ago(moment: datetime | float | None) -> SafeString:
    """`2 min ago` up to a day, then the date; what lies ahead is `in 3 h`. The exact time is in the
    title. Takes a datetime or seconds since the epoch; none is "never"."""
    if moment is None:
        return mark_safe("never")
    at = moment if isinstance(moment, datetime) else datetime.fromtimestamp(moment, tz=UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(timespec="seconds"),
        f"{at.astimezone(UTC):%d %B %Y, %H:%M:%S} UTC",
        _distance(at, timezone.now()),
    )


@register.filter
def date_words(moment: datetime | None) -> SafeString:
    """`24 March 2026`, with the exact time in the title."""
    if moment is None:
        return mark_safe("never")
    at = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(timespec="seconds"),
        f"{at:%d %B %Y, %H:%M:%S} UTC",
        f"{at.day} {at:%B %Y}",
    )


@register.filter
def u_domain(name: object) -> str:
    """An A-label in the letters of its owner."""
    return display_domain(str(name))


@register.filter
def u_address(address: object) -> str:
    """An address, or a name without `@`, in the letters of its owner."""
    text = str(address)
    return display_address(text) if "@" in text else display_domain(text)


@register.filter
def initials(name: object) -> str:
    """At most two letters for a monogram: `Mara Lindqvist` is ML, `ola@example.com` is O."""
    words = [word for word in str(name).partition("@")[0].replace(".", " ").replace("-", " ").split() if word]
    picked = words[:1] if len(words) == 1 else words[:1] + words[-1:]
    return "".join(word[0] for word in picked).upper() or "?"


@register.simple_tag
def widget(field: BoundField, css: str = "", **attributes: Any) -> SafeString:
    """The field's control. `css` adds classes, other arguments become attributes (`_` is `-`)."""
    control = field.field.widget
    classes = " ".join(
        part for part in (_class_of(control), str(control.attrs.get("class", "")), css) if part
    )
    attrs: dict[str, Any] = {name.replace("_", "-"): value for name, value in attributes.items()}
    if classes:
        attrs["class"] = classes
    if described_by := _described_by(field):
        attrs["aria-describedby"] = described_by
    return field.as_widget(attrs=attrs)


@register.simple_tag(takes_context=True)
def kept_filters(context: template.Context) -> SafeString:
    """What the query string says beside the search and the cursor, as hidden fields: a form that is sent by
    GET replaces the whole query string, and a search within "Suspended" must stay there."""
    given = context["request"].GET
    return format_html_join(
        "",
        '<input type="hidden" name="{}" value="{}">',
        (
            (name, value)
            for name in given
            if name not in {"q", "page", "all"}
            for value in given.getlist(name)
        ),
    )


@register.filter
def kind_of_control(field: BoundField) -> str:
    """What `_field.html` tells apart: `check`, `choices`, `hidden` or `line`."""
    control = field.field.widget
    if control.is_hidden:
        return "hidden"
    if isinstance(control, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "choices"
    return "check" if isinstance(control, forms.CheckboxInput) else "line"


@register.filter
def is_password(field: BoundField) -> bool:
    return isinstance(field.field.widget, forms.PasswordInput)


def _class_of(control: forms.Widget) -> str:
    if isinstance(control, forms.Textarea):
        return "textarea"
    if isinstance(control, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple):
        return ""
    return "select" if isinstance(control, forms.Select) else "input"


def _described_by(field: BoundField) -> str:
    """The error comes first: who fixes a field needs that more than the help."""
    parts = [f"{field.auto_id}_error"] * bool(field.errors) + [f"{field.auto_id}_helptext"] * bool(
        field.help_text
    )
    return " ".join(parts)


def _scaled(amount: int) -> tuple[float, str]:
    value = float(amount)
    for unit in ("bytes", "kB", "MB", "GB"):
        # A figure that would round to 1024 belongs to the next unit.
        if abs(value) < KIB - 0.5:
            return value, unit
        value /= KIB
    return value, "TB"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}".removesuffix(".0")


def _meter(words: str, percent: int) -> SafeString:
    return format_html(
        '<svg class="meter" role="img" aria-label="{}"><rect class="used" width="{}%" height="100%"/></svg>',
        words,
        percent,
    )


def _figures_of(meter: Meter) -> list[tuple[int, str]]:
    figures = [(meter.used, "in quotas" if meter.unit == "bytes" else "used")]
    if meter.promised is not None:
        figures.append((meter.promised, "promised"))
    if meter.free is not None:
        figures.append((meter.free, "free"))
    return figures


def _allotment_bar(meter: Meter, share: int, given: int) -> SafeString:
    ticks = (
        format_html('<line class="alloc" x1="0" x2="{}%" y1="50%" y2="50%"/>', given) if given > share else ""
    )
    return format_html(
        '<svg class="meter" role="img" aria-label="{}: {}">{}<rect class="used" width="{}%" height="100%"/></svg>',
        meter.label,
        _allotment_words(meter),
        ticks,
        share,
    )


def _allotment_words(meter: Meter) -> str:
    parts = [f"{_words(amount, meter.unit)} {word}" for amount, word in _figures_of(meter) if word != "free"]
    return ", ".join([*parts, f"limit {_words(meter.limit, meter.unit)}"])


def _allotment_parts(meter: Meter, *, by_promise: bool, warns: bool) -> SafeString:
    """The figures below the bar; the one that is the reason for a warning stands out."""
    loud = "" if not warns else "promised" if by_promise else _figures_of(meter)[0][1]
    return format_html_join(
        "",
        "<span><b{}>{}</b> {}</span>",
        (
            (mark_safe(' class="hot"') if word == loud else "", _words(amount, meter.unit), word)
            for amount, word in _figures_of(meter)
        ),
    )


def _words(amount: int | None, unit: str) -> str:
    return bytes_words(amount) if unit == "bytes" else count_words(amount)


def _of(used: int | None, limit: int, unit: str) -> str:
    """`18.4 of 25 GB`: the unit once where both have the same; `25 GB, not measured yet` without a figure."""
    if used is None:
        return f"{_words(limit, unit)}, {_words(used, unit)}"
    if unit != "bytes":
        return f"{_words(used, unit)} of {_words(limit, unit)}"
    value, used_unit = _scaled(used)
    same = used_unit == _scaled(limit)[1] or used == 0
    return f"{_figure(value) if same else bytes_words(used)} of {bytes_words(limit)}"


def _percent(used: int | None, limit: int | None) -> int:
    if not used or limit is None:
        return 0
    return 100 if limit == 0 else min(100, max(1, round(100 * used / limit)))


def _fullness(percent: int, unit: str) -> str:
    if percent >= BAD_PERCENT and unit == "bytes":
        return "bad"
    return "warn" if percent >= WARN_PERCENT else ""


def _distance(at: datetime, now: datetime) -> str:
    distance = now - at
    ahead = distance < timedelta(0)
    seconds = abs(int(distance.total_seconds()))
    if seconds < 60:
        return "in a moment" if ahead else "just now"
    if abs(distance) >= DAY:
        return f"{at.astimezone(UTC).day} {at.astimezone(UTC):%B %Y}"
    amount = f"{seconds // 60} min" if seconds < 3600 else f"{seconds // 3600} h"
    return f"in {amount}" if ahead else f"{amount} ago"
