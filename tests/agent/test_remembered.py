"""A repair that is known is proposed again where it still fits."""

from __future__ import annotations

from test_prompted import case

from dreamscape.agent.remembered import Remembered
from dreamscape.domain.repair import Judge

DIFF = """\
--- a/m.py
+++ b/m.py
@@ -1,2 +1,2 @@
 def double(a):
-    return a + a + a
+    return a + a
"""


def test_what_is_known_and_fits_is_put_to_the_judge_once() -> None:
    asked: list[str] = []

    def known(fingerprint: str) -> list[str]:
        asked.append(fingerprint)
        return [DIFF, DIFF.replace("-1,2 +1,2", "-7,2 +7,2"), DIFF.replace("a + a + a", "elsewhere"), "no diff"]

    (step,) = Remembered(known).steps(case())

    assert asked == ["f00d"]
    assert isinstance(step, Judge)
    assert [c.applied_to(case().sources) for c in step.candidates] == [{"m.py": b"def double(a):\n    return a + a\n"}]


def test_what_does_not_fit_any_more_is_passed_over() -> None:
    assert list(Remembered(lambda fingerprint: [DIFF.replace("a + a + a", "elsewhere")]).steps(case())) == []
