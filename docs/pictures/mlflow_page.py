"""The picture of MLflow's pages in README.md: ``make pictures``, where Chromium is installed; it takes some minutes.

The shipped experiment is run on the shipped plans, in a folder that is thrown away.
"""

import base64
import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests" / "tracking")]

from browser import Browser, until, why_no_browser  # noqa: E402
from make import DATA, digest  # noqa: E402

COMMAND = [sys.executable, "-m", "secondplan"]
ADDRESS = "The same as charts: "


def main() -> None:
    """Run, serve, look, and write ``mlflow.png`` beside this script."""
    if why := why_no_browser():
        sys.exit(f"mlflow.png stays as it is: {why}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = [*COMMAND, "experiment", "run", "compare_models", "--plans", str(DATA / "store")]
        subprocess.run(run, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with (folder / "ui.txt").open("w") as out:
            served = subprocess.Popen([*COMMAND, "ui", "--port", "5917"], cwd=folder, stderr=out)
        try:
            lines = until(lambda: [line for line in (folder / "ui.txt").read_text().splitlines() if ADDRESS in line])
            picture = screenshot(folder / "browser", lines[0].removeprefix(ADDRESS))
        finally:
            served.terminate()
            served.wait(20)
    kept = PngInfo()
    kept.add_text("Source", digest(Path(__file__)))
    picture.quantize(128).save(HERE / "mlflow.png", pnginfo=kept, optimize=True)


def screenshot(folder: Path, address: str) -> Image.Image:
    """What a person sees at an address, once the charts are drawn."""
    folder.mkdir()
    browser = Browser(folder)
    try:
        size = {"width": 1440, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        browser.call("Emulation.setDeviceMetricsOverride", **size)
        browser.read(address, "summary/ipa_percent_730")
        time.sleep(6)  # charts come in one by one
        return Image.open(io.BytesIO(base64.b64decode(browser.call("Page.captureScreenshot", format="png")["data"])))
    finally:
        browser.close()


if __name__ == "__main__":
    main()
