"""What a section says of values that are right alone, but not together."""

from typing import Any

from pydantic import ValidationError

from bridge.settings.types import ConflictError, Section


def conflicts(model: type[Section], **given: Any) -> list[str]:
    """The fields that `model` complains of."""
    try:
        model.model_validate(given)
    except ValidationError as error:
        causes = [each["ctx"]["error"] for each in error.errors()]
        return [field for cause in causes if isinstance(cause, ConflictError) for field, _ in cause.conflicts]
    return []
