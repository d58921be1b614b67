"""Which step sizes does a method allow, exactly?

The disc that fits into the stability region speaks about one frozen Jacobian; the
circle contractivity radius about nonlinear fields.  They are different numbers.
"""

import stabcheck as sc

for name in ("forward-euler", "heun", "ssprk3", "rk4", "implicit-midpoint"):
    method = sc.integrators.get(name)
    disc = method.largest_disc_radius
    circle = method.circle_contractivity_radius
    print(
        f"{name:>17}: order {method.order}, real interval "
        f"{method.real_stability_interval.decimal(12)}, disc {disc.decimal(9)}, "
        f"circle {circle.decimal(9)}"
    )

rk4 = sc.integrators.get("rk4")
print("R(z) =", rk4.stability_function)
assert float(rk4.circle_contractivity_radius) == 1 < float(rk4.largest_disc_radius)

figure = sc.plots.stability_region(sc.integrators.get("forward-euler"), rk4)
figure.savefig("regions.png")
