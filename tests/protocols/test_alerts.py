"""What TLS alerts mean."""

import pytest

from bridge.protocols.alerts import meaning


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "it wants a client certificate"),
        ("SSLV3_ALERT_CERTIFICATE_REVOKED", "it says that our client certificate is revoked"),
        ("TLSV1_ALERT_UNKNOWN_CA", "it does not know the CA of our client certificate"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", "it speaks no TLS that we trust: 1.2 or newer"),
        ("WRONG_VERSION_NUMBER", "it does not speak TLS; is it the port for TLS?"),
        ("SOMETHING_NEW", "SOMETHING_NEW"),
        ("", ""),
    ],
)
def test_a_failure_is_said_in_words_and_an_unknown_one_by_its_name(failure: str, words: str) -> None:
    assert meaning(failure) == words
