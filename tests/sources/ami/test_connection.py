import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bridge.asterisk import actions
from bridge.errors import SourceError
from bridge.protocols.ami import AmiMessage
from bridge.settings import AmiSettings
from bridge.sources.ami.connection import connected
from tests.servers.mosquitto import Authority
from tests.servers.process import free_port
from tests.sources.ami.scripted import BOOTED, DENIED, ScriptedAmi

IMPATIENT = 1.0
"""Seconds: enough for a busy machine to log in."""


def unheard(_: Sequence[AmiMessage]) -> None:
    """Whoever only asks hears no events."""


async def failure(settings: AmiSettings) -> str:
    """Why a connection cannot be made, or one question not be answered."""
    try:
        async with connected(settings, unheard) as connection:
            await connection.request(actions.CORE_STATUS)
    except SourceError as error:
        return str(error)
    raise AssertionError("nothing failed")


async def loss(settings: AmiSettings, happening: Callable[[], None] = lambda: None) -> str:
    """Why a connection that waits for events is lost after something happened."""
    try:
        async with connected(settings, unheard, "system"):
            happening()
            await asyncio.sleep(30)
    except SourceError as error:
        return str(error)
    raise AssertionError("nothing was lost")


class TestLogin:
    def test_by_challenge_the_secret_stays_at_home(self) -> None:
        async def scenario() -> None:
            async with ScriptedAmi().running() as server, connected(server.settings(), unheard):
                assert [action["Action"] for action in server.actions] == ["Challenge", "Login"]
                assert "s3cret" not in str(server.actions)
                assert server.actions[1]["Events"] == "off"

        asyncio.run(scenario())

    def test_plain_on_request(self) -> None:
        async def scenario() -> None:
            async with ScriptedAmi().running() as server, connected(server.settings(auth="plain"), unheard):
                assert [action["Action"] for action in server.actions] == ["Login"]

        asyncio.run(scenario())

    def test_a_refusal_tells_what_asterisk_does_not_tell_apart(self) -> None:
        async def scenario() -> str:
            async with ScriptedAmi().running() as server:
                return await failure(server.settings(secret="wrong"))

        assert "an unknown user, a wrong secret and an address that permit/deny refuse" in asyncio.run(
            scenario()
        )

    @pytest.mark.parametrize(
        ("reply", "hint"),
        [
            ("Login Already In Use", "allowmultiplelogin=yes"),
            ("Permission denied", "refused: Permission denied"),
            ("Asterisk is shutting down", "Asterisk is shutting down"),
        ],
    )
    def test_other_refusals_are_told_with_what_to_do(self, reply: str, hint: str) -> None:
        async def scenario() -> str:
            server = ScriptedAmi(
                {"Login": f"Response: Error\r\nActionID: ?\r\nMessage: {reply}\r\n\r\n".encode()}
            )
            async with server.running():
                return await failure(server.settings())

        assert hint in asyncio.run(scenario())


class TestUnreachable:
    def test_a_closed_port(self) -> None:
        settings = ScriptedAmi().settings(port=free_port())

        assert "refused; check that Asterisk runs" in asyncio.run(failure(settings))

    def test_an_unknown_name(self) -> None:
        settings = ScriptedAmi().settings(host="pbx.invalid", port=5038)

        assert "AMI at pbx.invalid:5038: " in asyncio.run(failure(settings))

    @pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.2p1\r\n"])
    def test_another_service_is_told_by_what_it_says(self, greeting: bytes) -> None:
        async def scenario() -> str:
            server = ScriptedAmi()
            server.greeting = greeting
            async with server.running():
                return await failure(server.settings())

        assert f"the peer said {greeting!r}" in asyncio.run(scenario())

    def test_a_service_that_waits_for_us_to_speak(self) -> None:
        async def scenario() -> str:
            server = ScriptedAmi()
            server.greeting = b""
            async with server.running():
                return await failure(server.settings(timeout=IMPATIENT))

        assert "no greeting came within 1 s; is this AMI's port, must tls be set" in asyncio.run(scenario())

    def test_a_close_without_a_greeting(self) -> None:
        """Asterisk does that to sessions beyond authlimit."""

        async def scenario() -> str:
            server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
            async with server:
                port = server.sockets[0].getsockname()[1]
                return await failure(ScriptedAmi().settings(port=port))

        assert "closed without a greeting; too many sessions" in asyncio.run(scenario())


class TestTls:
    @pytest.fixture
    def authority(self, tmp_path: Path) -> Authority:
        return Authority(tmp_path)

    def context(self, authority: Authority, name: str) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*authority.issue(name))
        return context

    def result(self, authority: Authority, name: str, **settings: object) -> str:
        async def scenario() -> str:
            async with ScriptedAmi().running(self.context(authority, name)) as server:
                try:
                    async with connected(server.settings(tls=True, **settings), unheard):
                        return "connected"
                except SourceError as error:
                    return str(error)

        return asyncio.run(scenario())

    def test_a_trusted_certificate(self, authority: Authority) -> None:
        assert self.result(authority, "127.0.0.1", tls_ca=authority.file) == "connected"

    def test_a_certificate_of_an_unknown_ca(self, authority: Authority) -> None:
        assert "set tls_ca to the file of its CA" in self.result(authority, "127.0.0.1")

    def test_a_certificate_of_another_name(self, authority: Authority) -> None:
        assert "tls_server_name" in self.result(authority, "pbx.example", tls_ca=authority.file)

    def test_the_other_name_can_be_set(self, authority: Authority) -> None:
        result = self.result(authority, "pbx.example", tls_ca=authority.file, tls_server_name="pbx.example")

        assert result == "connected"

    def test_verification_can_be_left_out(self, authority: Authority) -> None:
        assert self.result(authority, "pbx.example", insecure_tls=True) == "connected"

    def test_a_ca_file_that_is_none(self, tmp_path: Path) -> None:
        other = tmp_path / "note.txt"
        other.write_text("no certificate")

        settings = ScriptedAmi().settings(port=5039, tls=True, tls_ca=other)

        assert f"no certificates can be read from {other}" in asyncio.run(failure(settings))

    def test_a_port_without_tls(self) -> None:
        async def scenario() -> str:
            async with ScriptedAmi().running() as server:
                return await failure(server.settings(tls=True))

        assert "does the port speak TLS?" in asyncio.run(scenario())


class TestSecret:
    """Where a PBX is, how it is reached, and whether the secret may be said there: every case."""

    CASES: ClassVar = {
        ("127.0.0.1", "plain text", "md5"): "logged in, the secret stayed at home",
        ("127.0.0.1", "plain text", "plain"): "logged in, the secret was said",
        ("127.0.0.1", "tls", "md5"): "logged in, the secret stayed at home",
        ("127.0.0.1", "tls", "plain"): "logged in, the secret was said",
        ("127.0.0.1", "unknown CA", "md5"): "not trusted, nothing was said",
        ("127.0.0.1", "unknown CA", "plain"): "not trusted, nothing was said",
        ("pbx.example", "plain text", "md5"): "logged in, the secret stayed at home",
        ("pbx.example", "plain text", "plain"): "the settings refuse",
        ("pbx.example", "tls", "md5"): "logged in, the secret stayed at home",
        ("pbx.example", "tls", "plain"): "logged in, the secret was said",
        ("pbx.example", "unknown CA", "md5"): "not trusted, nothing was said",
        ("pbx.example", "unknown CA", "plain"): "not trusted, nothing was said",
    }

    @pytest.fixture
    def _resolved(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Another host that is reached on this one."""
        resolve = socket.getaddrinfo

        def here(host: str, *others: Any, **more: Any) -> Any:
            return resolve("127.0.0.1" if host == "pbx.example" else host, *others, **more)

        monkeypatch.setattr(socket, "getaddrinfo", here)

    @pytest.mark.usefixtures("_resolved")
    @pytest.mark.parametrize(("host", "line", "auth"), CASES)
    def test_it_is_said_only_where_nobody_else_can_hear_it(
        self, host: str, line: str, auth: str, tmp_path: Path
    ) -> None:
        ours, theirs = Authority(tmp_path), Authority(tmp_path, "unknown CA")
        issued = (theirs if line == "unknown CA" else ours).issue(host)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*issued)
        tls = line != "plain text"
        client = {"host": host, "auth": auth, "tls": tls, "tls_ca": ours.file if tls else None}

        result = asyncio.run(self.result(client, context if tls else None))

        assert result == self.CASES[host, line, auth]

    async def result(self, client: dict[str, object], context: ssl.SSLContext | None) -> str:
        async with ScriptedAmi().running(context) as server:
            try:
                async with connected(server.settings(**client), unheard):
                    said = "s3cret" in str(server.actions)
                    return "logged in, the secret " + ("was said" if said else "stayed at home")
            except ValueError:
                return "the settings refuse"
            except SourceError as error:
                trusted = "its certificate is not trusted" not in str(error)
                return "" if trusted or server.actions else "not trusted, nothing was said"

    @pytest.mark.parametrize(
        "host", ["127.evil.example", "127.0.0.1.evil.example", "10.0.0.5", "localhost.evil.example", "::2"]
    )
    def test_a_host_that_only_looks_local_is_not(self, host: str) -> None:
        with pytest.raises(ValueError, match="would show the secret to the network"):
            ScriptedAmi().settings(host=host, port=5038, auth="plain")

    def test_it_is_not_said_to_whoever_answers(self) -> None:
        with pytest.raises(ValueError, match="would show the secret to anyone who answers"):
            ScriptedAmi().settings(host="10.0.0.5", port=5039, auth="plain", tls=True, insecure_tls=True)

    def test_what_the_defaults_are(self) -> None:
        settings = ScriptedAmi().settings(port=5038)

        assert (settings.auth, settings.insecure_tls) == ("md5", False)


class TestRequests:
    def test_a_list_comes_whole(self) -> None:
        async def scenario() -> int:
            async with ScriptedAmi().running() as server, connected(server.settings(), unheard) as connection:
                return len((await connection.request(actions.CHANNELS)).items)

        assert asyncio.run(scenario()) == 56

    def test_a_refusal_is_an_answer(self) -> None:
        async def scenario() -> str:
            async with (
                ScriptedAmi({"CoreStatus": DENIED}).running() as server,
                connected(server.settings(), unheard) as connection,
            ):
                return (await connection.request(actions.CORE_STATUS)).error

        assert asyncio.run(scenario()) == "Permission denied"

    def test_no_answer_in_time_loses_the_connection(self) -> None:
        async def scenario() -> str:
            async with ScriptedAmi().running() as server:
                server.deaf = True
                return await failure(server.settings(timeout=IMPATIENT))

        assert "no answer to CoreStatus within 1 s" in asyncio.run(scenario())

    def test_answers_come_between_events(self) -> None:
        heard: list[str] = []

        async def scenario() -> None:
            async with (
                ScriptedAmi().running() as server,
                connected(
                    server.settings(), lambda events: heard.extend(event.event for event in events), "system"
                ) as connection,
            ):
                server.say(b"Event: Reload\r\nPrivilege: system,all\r\n\r\n")
                assert (await connection.request(actions.PING)).response.get("Ping") == "Pong"

        asyncio.run(scenario())

        assert heard == ["FullyBooted", "Reload"]


class TestLoss:
    def test_silence_is_broken_by_a_ping(self) -> None:
        async def scenario() -> None:
            async with (
                ScriptedAmi().running() as server,
                connected(server.settings(ping_interval=0.01), unheard),
                asyncio.timeout(30),
            ):
                while server.asked("Ping") < 3:
                    await asyncio.sleep(0.01)

        asyncio.run(scenario())

    def test_silence_after_a_ping_is_a_loss(self) -> None:
        async def scenario() -> str:
            async with ScriptedAmi().running() as server:
                server.deaf = True
                return await loss(server.settings(ping_interval=0.05, timeout=IMPATIENT))

        assert "silent, and no answer to a ping" in asyncio.run(scenario())

    @pytest.mark.parametrize(
        ("last", "reason"),
        [
            (b"", "closed by Asterisk"),
            (b"Event: Shutdown\r\nPrivilege: system,all\r\nShutdown: Cleanly\r\n\r\n", "is shutting down"),
            (b"Event: Hangup\r\nPrivilege: call,all\r\nCau", "closed by Asterisk"),
        ],
        ids=["at once", "after Shutdown", "in the middle of an event"],
    )
    def test_a_close_is_a_loss_and_its_reason_is_told(self, last: bytes, reason: str) -> None:
        async def scenario() -> str:
            async with ScriptedAmi().running() as server:

                def end() -> None:
                    server.say(last)
                    server.hang_up()

                return await loss(server.settings(), end)

        assert reason in asyncio.run(scenario())

    def test_what_is_no_ami_any_more_is_a_loss(self) -> None:
        async def scenario() -> str:
            server = ScriptedAmi({"CoreStatus": b"Response: Success\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"})
            async with server.running():
                return await failure(server.settings())

        assert "a line is longer than 65536 bytes" in asyncio.run(scenario())

    def test_an_error_of_the_block_inside_comes_out_as_it_is(self) -> None:
        async def scenario() -> None:
            async with ScriptedAmi().running() as server, connected(server.settings(), unheard):
                raise KeyError(BOOTED)

        with pytest.raises(KeyError):
            asyncio.run(scenario())
