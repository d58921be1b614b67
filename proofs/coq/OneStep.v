(* One step of a nonlinear field, in any inner product space.

   Only three numbers of two trajectories enter: with d = x - y and f = F(x) - F(y),
   N = <d, d>, I = <d, f>, E = <f, f>.

   euler_circle       <d, f> <= -|f|^2 / (2 r) and h r <= 1: a step of forward Euler does
                      not expand (circle-contractivity: its radius is 1)
   euler_attained     for h r > 1 some linear field on the circle expands
   euler_growth       |d + h f|^2 <= (1 + 2 h mu + h^2 L^2) |d|^2   (euler-growth)
   midpoint_stable    <d, f> <= 0 at the midpoint: an implicit midpoint step does not
                      expand (implicit-midpoint-growth at mu = 0)
   backward_stable    <d, f> <= 0 at the end: a backward Euler step does not expand

   The inner product is given by its axioms, so the statements hold for token matrices
   of every size. *)

Require Import Reals Lra Psatz.
Open Scope R_scope.

Section InnerProduct.

Variable V : Type.
Variable plus : V -> V -> V.
Variable scale : R -> V -> V.
Variable inner : V -> V -> R.
Hypothesis inner_symmetric : forall u v, inner u v = inner v u.
Hypothesis inner_plus : forall u v w, inner (plus u v) w = inner u w + inner v w.
Hypothesis inner_scale : forall a u v, inner (scale a u) v = a * inner u v.
Hypothesis inner_nonneg : forall u, 0 <= inner u u.

Lemma square_of_step d f h :
  inner (plus d (scale h f)) (plus d (scale h f))
  = inner d d + 2 * h * inner d f + h ^ 2 * inner f f.
Proof.
  rewrite inner_plus, inner_scale.
  rewrite (inner_symmetric d), (inner_symmetric f (plus _ _)).
  rewrite 2 inner_plus, 2 inner_scale. rewrite (inner_symmetric f d). ring.
Qed.

Theorem euler_circle d f h r :
  0 < r -> 0 <= h -> h * r <= 1 -> inner d f <= - (inner f f / (2 * r)) ->
  inner (plus d (scale h f)) (plus d (scale h f)) <= inner d d.
Proof.
  intros Pr Ph C D. rewrite square_of_step.
  pose proof (inner_nonneg f) as E.
  assert (2 * r * inner d f <= - inner f f) as D'.
  { apply (Rmult_le_compat_l (2 * r)) in D; [| lra].
    replace (2 * r * - (inner f f / (2 * r))) with (- inner f f) in D by (field; lra).
    lra. }
  (* r (2 h <d, f> + h^2 |f|^2) <= h (h r - 1) |f|^2 <= 0 *)
  assert (h * (2 * r * inner d f) <= h * - inner f f) by
    (apply Rmult_le_compat_l; lra).
  assert (0 <= h * ((1 - h * r) * inner f f)) by
    (apply Rmult_le_pos; [lra | apply Rmult_le_pos; lra]).
  assert (r * (2 * h * inner d f + h ^ 2 * inner f f) <= 0) by lra.
  assert (2 * h * inner d f + h ^ 2 * inner f f <= 0) by
    (apply (Rmult_le_reg_l r); lra).
  lra.
Qed.

Theorem euler_growth d f h mu L :
  0 <= h -> inner d f <= mu * inner d d -> inner f f <= L ^ 2 * inner d d ->
  inner (plus d (scale h f)) (plus d (scale h f))
  <= (1 + 2 * h * mu + h ^ 2 * L ^ 2) * inner d d.
Proof.
  intros Ph M B. rewrite square_of_step.
  assert (h * inner d f <= h * (mu * inner d d)) by (apply Rmult_le_compat_l; lra).
  assert (h ^ 2 * inner f f <= h ^ 2 * (L ^ 2 * inner d d)) by
    (apply Rmult_le_compat_l; [apply pow2_ge_0 | lra]).
  lra.
Qed.

(* With d1 the distance after the step and d0 before: d1 = d0 + h f, and the stage
   difference is (d0 + d1)/2 = d0 + (h/2) f. *)
Theorem midpoint_stable d f h :
  0 <= h -> inner (plus d (scale (h / 2) f)) f <= 0 ->
  inner (plus d (scale h f)) (plus d (scale h f)) <= inner d d.
Proof.
  intros Ph D. rewrite square_of_step.
  rewrite inner_plus, inner_scale in D.
  assert (0 <= h * - (inner d f + h / 2 * inner f f)) by (apply Rmult_le_pos; lra).
  nra.
Qed.

(* d0 = d1 - h f with f the slope at the end. *)
Theorem backward_stable d f h :
  0 <= h -> inner d f <= 0 ->
  inner d d <= inner (plus d (scale (- h) f)) (plus d (scale (- h) f)).
Proof.
  intros Ph D. rewrite square_of_step. pose proof (inner_nonneg f).
  assert (0 <= h * - inner d f) by (apply Rmult_le_pos; lra).
  pose proof (pow2_ge_0 h). nra.
Qed.

End InnerProduct.

(* r = 1 and h > 1, on the line: the field f = -2 d meets the hypothesis with equality,
   and the step multiplies by |1 - 2 h| > 1. *)
Theorem euler_attained h :
  1 < h -> exists d f : R, d * f <= - (f * f / (2 * 1)) /\ d * d < (d + h * f) * (d + h * f).
Proof. intros H. exists 1, (-2). split; [lra | nra]. Qed.

Print Assumptions euler_circle.
Print Assumptions midpoint_stable.
