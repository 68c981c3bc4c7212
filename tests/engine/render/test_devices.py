"""Which device draws: a GPU where there is one, software or a certain device where somebody asks for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.render.devices import AUTO, CPU, VARIABLE, Device, DeviceError, choose, listed, parse_device, prepare
from tests.test_walls import ROOT

machines = st.lists(st.booleans(), max_size=8).map(
    lambda software: tuple(Device(index, each) for index, each in enumerate(software))
)


@given(machines)
def test_auto_takes_the_first_gpu_and_without_one_leaves_it_to_the_driver(devices: tuple[Device, ...]) -> None:
    gpus = [device for device in devices if not device.software]
    assert choose(AUTO, devices) == (gpus[0] if gpus else None)


@given(machines)
def test_cpu_never_takes_a_gpu(devices: tuple[Device, ...]) -> None:
    if devices and not any(device.software for device in devices):
        with pytest.raises(DeviceError, match="in software"):
            choose(CPU, devices)
    else:
        taken = choose(CPU, devices)
        assert taken is None or taken.software


@given(machines, st.integers(0, 9))
def test_a_number_takes_that_device_or_says_which_there_are(devices: tuple[Device, ...], number: int) -> None:
    if number < len(devices):
        taken = choose(str(number), devices)
        assert taken is not None
        assert taken.index == number
        return
    with pytest.raises(DeviceError, match=f"no device {number} ") as said:
        choose(str(number), devices)
    assert all(str(device) in str(said.value) for device in devices)


@pytest.mark.parametrize("text", ["", "gpu", "-1", "0x1", "1.0", "²", "auto "])
def test_what_is_no_device_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="auto, cpu, or a number"):
        parse_device(text)


def test_a_window_takes_the_device_of_its_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "0")
    with pytest.raises(DeviceError, match="of its display"):
        prepare(windowed=True)
    monkeypatch.setenv(VARIABLE, "auto")
    assert prepare(windowed=True) == -1


def examined(**environment: str) -> str:
    """What the doctor of a fresh process says of the device."""
    code = "from engine.doctor import _graphics_device; print(_graphics_device())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_the_doctor_says_what_draws_and_cpu_draws_in_software() -> None:
    devices = listed()
    said = examined(HAMLET_DEVICE="cpu")
    assert "llvmpipe" in said or "softpipe" in said, said
    assert "(--device cpu)" in said
    assert "pixels are read" in said
    assert all(str(device) in said for device in devices)


@pytest.mark.skipif(not listed(), reason="EGL lists no device here")
def test_each_listed_device_is_the_one_asked_for() -> None:
    for device in listed():
        said = examined(HAMLET_DEVICE=str(device.index))
        assert f"device {device.index} (--device {device.index})" in said, said
        assert device.software == ("llvmpipe" in said or "softpipe" in said)
    assert "There is no device 77" in examined(HAMLET_DEVICE="77")
