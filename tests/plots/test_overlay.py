"""The Jacobian of a layer over the regions, from a branch or from a certificate."""

from fractions import Fraction

import numpy as np
import pytest
from strategies import generator

from stabcheck.bounds import Attention, FeedForward, LayerNorm, RMSNorm
from stabcheck.certificate import Claim
from stabcheck.certify.centres import dense_jacobian
from stabcheck.certify.draft import Draft
from stabcheck.errors import InvalidInput
from stabcheck.integrators import get
from stabcheck.layers import Residual
from stabcheck.plots import certificate_overlay, stability_region
from stabcheck.plots.certificate_overlay import _field
from stabcheck.plots.overlay import of_branch

EULER = get("forward-euler")
H = Fraction(1, 4)


def attention(scale: float | None = None, heads: int = 2) -> Attention:
    rng = generator(3)
    return Attention(
        W_Q=rng.standard_normal((heads, 4, 2)),
        W_K=rng.standard_normal((heads, 4, 2)),
        W_V=rng.standard_normal((heads, 4, 2)),
        W_O=rng.standard_normal((2 * heads, 4)),
        b_Q=rng.standard_normal((heads, 2)),
        scale=scale,
        causal=scale is None,
    )


def norm() -> LayerNorm:
    return LayerNorm(np.ones(4), np.zeros(4), Fraction(1, 100))


def certificate(folder, branch, state):
    """A certificate that states one norm of one residual branch."""
    draft = Draft()
    draft.map(Residual("layer.0.attention", branch, EULER, H), len(state))
    bound = Fraction(float(np.linalg.norm(dense_jacobian(branch, state), 2))) + 1
    draft.claim(
        Claim(
            theorem="spectral-norm-psd",
            quantity="spectral-norm",
            subject={"branch": draft.branch("layer.0.attention", branch, len(state))},
            domain=draft.point("layer.0.attention", state),
            bound=bound,
        )
    )
    return draft.certificate("a norm", "J", {}).save(folder)


def test_the_eigenvalues_lie_in_the_numerical_range_times_the_step():
    state = generator(1).standard_normal((3, 4))
    overlay = of_branch((norm(), attention()), state, H)
    jacobian = float(H) * dense_jacobian((norm(), attention()), state)
    assert overlay.spectrum == pytest.approx(np.linalg.eigvals(jacobian))
    for angle in np.linspace(0, 2 * np.pi, 16, endpoint=False):
        turn = np.exp(1j * angle)
        # The hull of the boundary points lies inside the range by up to 1 - cos(pi/64).
        reach = (turn * overlay.numerical_range).real.max()
        room = 2e-3 * np.abs(overlay.numerical_range).max()
        assert (turn * overlay.spectrum).real.max() <= reach + room


def test_a_certificate_gives_the_overlay_of_its_branch(tmp_path):
    state = generator(2).standard_normal((3, 4))
    branch = (norm(), attention())
    overlay = certificate_overlay(certificate(tmp_path, branch, state))
    assert np.array_equal(overlay["spectrum"], of_branch(branch, state, H).spectrum)
    assert overlay["title"] == "h = 1/4 times the Jacobian of layer.0.attention"
    figure = stability_region("rk4", **overlay)
    assert figure.get_suptitle() == overlay["title"]


@pytest.mark.parametrize(
    "field",
    [
        attention(),
        attention(scale=0.25, heads=1),
        FeedForward(np.ones((4, 5)), np.zeros(5), np.ones((5, 4)), np.zeros(4)),
        norm(),
        RMSNorm(np.ones(4), Fraction(1, 10)),
    ],
    ids=lambda field: type(field).__name__,
)
def test_a_field_is_read_back_from_its_record(field):
    draft = Draft()
    state = generator(4).standard_normal((3, 4))
    draft.field("field", field, 3)
    read = _field(draft.certificate("", "", {}), draft.fields[0])
    assert np.array_equal(read(state), field(state))


def test_a_certificate_without_a_branch_at_a_state_is_refused(tmp_path):
    path = Draft().certificate("nothing", "", {}).save(tmp_path)
    with pytest.raises(InvalidInput, match="found no bound on a branch"):
        certificate_overlay(path)


def test_a_certificate_of_another_shape_is_refused(tmp_path):
    state = generator(2).standard_normal((3, 4))
    path = certificate(tmp_path, (attention(),), state)
    path.write_text(path.read_text().replace('"kind": "attention"', '"kind": "other"'))
    with pytest.raises(InvalidInput, match="a record of another shape"):
        certificate_overlay(path)


def test_a_layer_without_a_state_is_refused():
    with pytest.raises(InvalidInput, match="give state=X"):
        stability_region("rk4", layer=object())
