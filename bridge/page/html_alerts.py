"""Alerts as HTML, with what somebody may do about them."""

from bridge.core.alert import Notice, State
from bridge.core.silence import Silence
from bridge.page.markup import Html, element, join
from bridge.page.model import Model, is_loud
from bridge.page.tables import mark, past
from bridge.page.words import amount, day, short

ACK, SILENCE, UNSILENCE = "/alerts/ack", "/alerts/silence", "/alerts/unsilence"
"""Where forms go."""
DURATIONS = (("15m", "15 minutes"), ("1h", "1 hour"), ("4h", "4 hours"), ("1d", "1 day"), ("7d", "7 days"))
COMMENT = 200
"""Characters of a comment that may be typed."""
_LEVELS = {"critical": "bad", "warning": "warn", "info": "info"}


def alerts(model: Model) -> Html:
    """All that fire, those that are pending, and the silences."""
    facts = model.facts
    listed = [_alert(notice, model) for notice in facts.alerts]
    silences = [_silence(each, model) for each in facts.silences if each.until > facts.now]
    return element(
        "div",
        element("ul", *listed, class_="alerts") if listed else element("p", "No alert fires.", class_="note"),
        element("p", f"and {amount(model.more_alerts, 'alert')} more", class_="note")
        if model.more_alerts
        else "",
        element("h3", "Silences") if silences else "",
        element("ul", *silences, class_="alerts") if silences else "",
        id="alerts-now",
    )


def _alert(notice: Notice, model: Model) -> Html:
    pending = notice.state is State.PENDING
    level = "" if pending or not is_loud(notice) else _LEVELS[notice.severity]
    summary = notice.summary or notice.key.rule
    return element(
        "li",
        element(
            "p",
            mark(level, "pending" if pending else notice.severity.value),
            " ",
            element("strong", short(summary, 300)),
        ),
        element("p", *_circumstances(notice, model.facts.now), class_="note"),
        _forms(notice) if model.facts.commands else "",
        class_=f"alert {level}".strip(),
    )


def _circumstances(notice: Notice, now: float) -> list[str]:
    labels = ", ".join(f"{name} {value}" for name, value in notice.key.labels)
    told = [short(f"{notice.key.rule} · {labels}", 300), " · ", past(notice.since, now)]
    told += [" · acknowledged"] if notice.acknowledged else []
    told += [f" · silenced until {day(notice.silenced_until)} UTC"] if notice.silenced_until else []
    told += [" · explained by a graver alert"] if notice.inhibited else []
    told += [" · it comes and goes"] if notice.flapping else []
    return told


def _forms(notice: Notice) -> Html:
    about = f"{notice.key.rule}, {', '.join(value for _, value in notice.key.labels)}"
    acknowledge = (
        _form(ACK, notice.id, _button("Acknowledge", about, f"ack-{notice.key.id}"))
        if notice.state is State.FIRING and not notice.acknowledged
        else ""
    )
    silence = _silencing(notice, about) if notice.silenced_until is None else ""
    return element("div", acknowledge, silence, class_="actions")


def _silencing(notice: Notice, about: str) -> Html:
    here = notice.key.id
    options = [element("option", text, value=value, selected=value == "1h") for value, text in DURATIONS]
    fields = join(
        element("label", "For ", element("select", *options, name="duration", id=f"duration-{here}")),
        element(
            "label", "Comment ", element("input", name="comment", id=f"comment-{here}", maxlength=COMMENT)
        ),
        _button("Silence", about, f"silence-{here}"),
    )
    summary = element("summary", "Silence …", hidden_words(about), id=f"summary-{here}")
    return element("details", summary, _form(SILENCE, notice.id, fields), id=f"silencing-{here}")


def _silence(silence: Silence, model: Model) -> Html:
    selector = silence.selector
    labels = (f"{name} {', '.join(globs)}" for name, globs in selector.labels.items())
    meant = " · ".join([selector.rule, *labels, *([f"alert {selector.id}"] if selector.id else [])])
    comment = element("p", short(silence.comment, 300), class_="note") if silence.comment else ""
    button = _button("End this silence", meant, f"unsilence-{silence.id}")
    return element(
        "li",
        element("p", short(meant, 300), f" · until {day(silence.until)} UTC"),
        comment,
        element("div", _form(UNSILENCE, silence.id, button), class_="actions")
        if model.facts.commands
        else "",
        class_="alert",
    )


def _form(action: str, of: str, fields: str) -> Html:
    hidden = element("input", type="hidden", name="id", value=of)
    return element("form", hidden, fields, method="post", action=action)


def _button(text: str, about: str, name: str) -> Html:
    return element("button", text, hidden_words(about), id=name)


def hidden_words(text: str) -> Html:
    """What those hear who do not see beside what it stands."""
    return element("span", f": {short(text, 200)}", class_="unseen")
