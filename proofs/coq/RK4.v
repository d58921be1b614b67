(* The classical Runge-Kutta method: R(z) = 1 + z + z^2/2 + z^3/6 + z^4/24.

   real_interval       |R(x)| <= 1 on x < 0 exactly where x^3 + 4 x^2 + 12 x + 24 >= 0
   real_interval_ends  the cubic increases: the interval is [-a, 0] with a its one root,
                       and 2.7852935634 < a < 2.7852935635
   imaginary_interval  |R(iy)| <= 1 exactly for y^2 <= 8
   largest_disc        the disc |z + r| <= r lies in the region exactly where
                       r^3 - 2 r^2 + 3 r - 3 <= 0, that is r <= a/2 = 1.3926467...

   The disc: with |z|^2 = -2 rho x and x = -2 rho t, the point z lies in it where
   0 <= rho <= r and 0 <= t <= 1, and 1 - |R(z)|^2 is t rho / 18 times

       8 c(rho) (3 - 3 rho + 2 rho^2 - rho^3) + 8 rho (1 - t) B(rho, t),

   c > 0, with B positive on [0, 7/5] x [0, 1] by its Bernstein coefficients
   (bernstein.py prints them). *)

Require Import Reals Lra Psatz.
Open Scope R_scope.

Definition R4 (x : R) := 1 + x + x ^ 2 / 2 + x ^ 3 / 6 + x ^ 4 / 24.

Definition cubic (x : R) := x ^ 3 + 4 * x ^ 2 + 12 * x + 24.

Lemma never_below x : -1 < R4 x.
Proof.
  unfold R4.
  pose proof (pow2_ge_0 (x ^ 2 + 2 * x)). pose proof (pow2_ge_0 (2 * x + 3)). nra.
Qed.

Theorem real_interval x : x < 0 -> (Rabs (R4 x) <= 1 <-> 0 <= cubic x).
Proof.
  intros N. assert (R4 x - 1 = x * cubic x / 24) as E by (unfold R4, cubic; field).
  split; intros H.
  - pose proof (Rle_abs (R4 x)). nra.
  - pose proof (never_below x). apply Rabs_le. nra.
Qed.

Theorem real_interval_ends :
  (forall x y, x < y -> cubic x < cubic y)
  /\ cubic (- 27852935635 / 10000000000) < 0 < cubic (- 27852935634 / 10000000000).
Proof.
  split; [| unfold cubic; lra].
  intros x y H. unfold cubic.
  (* the slope (x^2 + x y + y^2) + 4 (x + y) + 12 is positive *)
  assert (0 < x ^ 2 + x * y + y ^ 2 + 4 * (x + y) + 12) by
    (pose proof (pow2_ge_0 (x - y)); pose proof (pow2_ge_0 (3 * (x + y) + 8)); nra).
  nra.
Qed.

(* Complex numbers as pairs. *)
Definition times (a b : R * R) :=
  (fst a * fst b - snd a * snd b, fst a * snd b + snd a * fst b).
Definition one_plus (a : R * R) (k : R) := (1 + fst a / k, snd a / k).
Definition square (a : R * R) := fst a ^ 2 + snd a ^ 2.

(* The same polynomial by Horner's rule. *)
Definition R4c (z : R * R) :=
  one_plus (times z (one_plus (times z (one_plus (times z (one_plus z 4)) 3)) 2)) 1.

Lemma on_the_real_axis x : R4c (x, 0) = (R4 x, 0).
Proof.
  unfold R4c, one_plus, times, R4; simpl fst; simpl snd. f_equal; field.
Qed.

Theorem imaginary_interval y : square (R4c (0, y)) <= 1 <-> y ^ 2 <= 8.
Proof.
  assert (square (R4c (0, y)) - 1 = y ^ 6 * (y ^ 2 - 8) / 576) as E.
  { unfold square, R4c, one_plus, times; simpl fst; simpl snd. field. }
  assert (0 <= y ^ 6) as P by
    (replace (y ^ 6) with ((y ^ 3) ^ 2) by ring; apply pow2_ge_0).
  split; intros H; [| nra].
  destruct (Req_dec y 0) as [-> | N]; [lra |].
  assert (0 < y ^ 2) by (destruct (Rdichotomy y 0 N); nra).
  assert (0 < y ^ 6) by
    (replace (y ^ 6) with ((y ^ 2) ^ 3) by ring; apply pow_lt; assumption).
  nra.
Qed.

(* The boundary of the real interval at x = -2 r, in r. *)
Definition disc_cubic (r : R) := r ^ 3 - 2 * r ^ 2 + 3 * r - 3.

Definition B (rho t : R) :=
  rho ^ 6 * (t ^ 2 + t + 1) - 4 * rho ^ 5 * (t ^ 2 + t + 1)
  + rho ^ 4 * (12 * t ^ 2 + 10 * t + 10) - rho ^ 3 * (24 * t ^ 2 + 18 * t + 18)
  + 24 * rho ^ 2 * (t ^ 2 + t + 1) - 24 * rho * (t + 1) + 18.

Lemma bernstein_term c i j k l u t :
  0 <= c -> 0 <= u <= 1 -> 0 <= t <= 1 ->
  0 <= c * (u ^ i * (1 - u) ^ j * (t ^ k * (1 - t) ^ l)).
Proof. intros. repeat apply Rmult_le_pos; try apply pow_le; lra. Qed.

Lemma remainder_on_the_square u t : 0 <= u <= 1 -> 0 <= t <= 1 -> 0 <= B (7 / 5 * u) t.
Proof.
  intros U T. unfold B.
  match goal with |- 0 <= ?e => replace e with (
    18 * (u ^ 0 * (1 - u) ^ 6 * (t ^ 0 * (1 - t) ^ 3))
    + 54 * (u ^ 0 * (1 - u) ^ 6 * (t ^ 1 * (1 - t) ^ 2))
    + 54 * (u ^ 0 * (1 - u) ^ 6 * (t ^ 2 * (1 - t) ^ 1))
    + 18 * (u ^ 0 * (1 - u) ^ 6 * (t ^ 3 * (1 - t) ^ 0))
    + 372/5 * (u ^ 1 * (1 - u) ^ 5 * (t ^ 0 * (1 - t) ^ 3))
    + 948/5 * (u ^ 1 * (1 - u) ^ 5 * (t ^ 1 * (1 - t) ^ 2))
    + 156 * (u ^ 1 * (1 - u) ^ 5 * (t ^ 2 * (1 - t) ^ 1))
    + 204/5 * (u ^ 1 * (1 - u) ^ 5 * (t ^ 3 * (1 - t) ^ 0))
    + 3726/25 * (u ^ 2 * (1 - u) ^ 4 * (t ^ 0 * (1 - t) ^ 3))
    + 8154/25 * (u ^ 2 * (1 - u) ^ 4 * (t ^ 1 * (1 - t) ^ 2))
    + 6306/25 * (u ^ 2 * (1 - u) ^ 4 * (t ^ 2 * (1 - t) ^ 1))
    + 1878/25 * (u ^ 2 * (1 - u) ^ 4 * (t ^ 3 * (1 - t) ^ 0))
    + 20346/125 * (u ^ 3 * (1 - u) ^ 3 * (t ^ 0 * (1 - t) ^ 3))
    + 36384/125 * (u ^ 3 * (1 - u) ^ 3 * (t ^ 1 * (1 - t) ^ 2))
    + 27018/125 * (u ^ 3 * (1 - u) ^ 3 * (t ^ 2 * (1 - t) ^ 1))
    + 2196/25 * (u ^ 3 * (1 - u) ^ 3 * (t ^ 3 * (1 - t) ^ 0))
    + 2662/25 * (u ^ 4 * (1 - u) ^ 2 * (t ^ 0 * (1 - t) ^ 3))
    + 3898/25 * (u ^ 4 * (1 - u) ^ 2 * (t ^ 1 * (1 - t) ^ 2))
    + 76982/625 * (u ^ 4 * (1 - u) ^ 2 * (t ^ 2 * (1 - t) ^ 1))
    + 46082/625 * (u ^ 4 * (1 - u) ^ 2 * (t ^ 3 * (1 - t) ^ 0))
    + 110322/3125 * (u ^ 5 * (1 - u) ^ 1 * (t ^ 0 * (1 - t) ^ 3))
    + 103788/3125 * (u ^ 5 * (1 - u) ^ 1 * (t ^ 1 * (1 - t) ^ 2))
    + 68102/3125 * (u ^ 5 * (1 - u) ^ 1 * (t ^ 2 * (1 - t) ^ 1))
    + 74636/3125 * (u ^ 5 * (1 - u) ^ 1 * (t ^ 3 * (1 - t) ^ 0))
    + 101259/15625 * (u ^ 6 * (1 - u) ^ 0 * (t ^ 0 * (1 - t) ^ 3))
    + 123786/15625 * (u ^ 6 * (1 - u) ^ 0 * (t ^ 1 * (1 - t) ^ 2))
    + 151604/15625 * (u ^ 6 * (1 - u) ^ 0 * (t ^ 2 * (1 - t) ^ 1))
    + 129077/15625 * (u ^ 6 * (1 - u) ^ 0 * (t ^ 3 * (1 - t) ^ 0))) by field end.
  repeat apply Rplus_le_le_0_compat; apply bernstein_term; lra.
Qed.

Lemma remainder rho t : 0 <= rho <= 7 / 5 -> 0 <= t <= 1 -> 0 <= B rho t.
Proof.
  intros P T. replace rho with (7 / 5 * (5 / 7 * rho)) by field.
  apply remainder_on_the_square; lra.
Qed.

Definition factor (rho : R) := rho ^ 4 - 2 * rho ^ 3 + 3 * rho ^ 2 - 3 * rho + 3.

Lemma factor_positive rho : 0 < factor rho.
Proof.
  unfold factor.
  pose proof (pow2_ge_0 (rho ^ 2 - rho)). pose proof (pow2_ge_0 (4 * rho - 3)). nra.
Qed.

(* |R(z)|^2 from x and the square s of the modulus. *)
Definition squared (x s : R) :=
  (s ^ 4 + 8 * s ^ 3 * x - 8 * s ^ 3 + 48 * s ^ 2 * x ^ 2 - 48 * s ^ 2 * x
   + 192 * s * x ^ 3 + 384 * x ^ 4 + 768 * x ^ 3 + 1152 * x ^ 2 + 1152 * x + 576) / 576.

Lemma squared_is x y : square (R4c (x, y)) = squared x (x ^ 2 + y ^ 2).
Proof. unfold square, squared, R4c, one_plus, times; simpl fst; simpl snd. field. Qed.

Lemma on_a_circle rho t :
  1 - squared (- 2 * rho * t) (4 * rho ^ 2 * t)
  = rho * t / 18 * (- 8 * disc_cubic rho * factor rho + 8 * rho * (1 - t) * B rho t).
Proof. unfold squared, disc_cubic, factor, B. field. Qed.

Lemma disc_cubic_increases r q : 0 <= q <= r -> disc_cubic q <= disc_cubic r.
Proof.
  intros H. unfold disc_cubic.
  (* the slope r^2 + r q + q^2 - 2 (r + q) + 3 is positive *)
  assert (0 < r ^ 2 + r * q + q ^ 2 - 2 * (r + q) + 3) by
    (pose proof (pow2_ge_0 (r - q)); pose proof (pow2_ge_0 (3 * (r + q) - 4)); nra).
  nra.
Qed.

Lemma inside x y r :
  0 <= r -> disc_cubic r <= 0 -> (x + r) ^ 2 + y ^ 2 <= r ^ 2 ->
  square (R4c (x, y)) <= 1.
Proof.
  intros P C D. rewrite squared_is.
  assert (r <= 7 / 5) as R.
  { destruct (Rle_lt_dec r (7 / 5)) as [K | K]; [assumption | exfalso].
    pose proof (disc_cubic_increases r (7 / 5) ltac:(lra)).
    assert (0 < disc_cubic (7 / 5)) by (unfold disc_cubic; lra). lra. }
  pose proof (pow2_ge_0 x) as X2. pose proof (pow2_ge_0 y) as Y2.
  destruct (Req_dec x 0) as [-> | N].
  - (* the point 0 of the disc *)
    assert (y = 0) by nra. subst. unfold squared. lra.
  - assert (0 < x ^ 2) as XP by (destruct (Rdichotomy x 0 N); nra).
    assert (x ^ 2 + y ^ 2 <= - 2 * r * x) as S by nra.
    assert (x < 0) as XN by (destruct (Rle_lt_dec 0 x); [nra | assumption]).
    set (rho := - (x ^ 2 + y ^ 2) / (2 * x)).
    assert (x ^ 2 + y ^ 2 = - 2 * rho * x) as E by (unfold rho; field; assumption).
    assert (0 < rho) as RP by nra.
    assert (rho <= r) as RR by nra.
    set (t := - x / (2 * rho)).
    assert (x = - 2 * rho * t) as ET by (unfold t; field; lra).
    assert (0 <= t <= 1) as T.
    { split.
      - unfold t. apply Rlt_le, Rdiv_lt_0_compat; lra.
      - (* x^2 <= -2 rho x, so -x <= 2 rho *)
        apply (Rmult_le_reg_l (2 * rho)); [lra |]. nra. }
    replace (x ^ 2 + y ^ 2) with (4 * rho ^ 2 * t) by (rewrite E, ET; ring).
    rewrite ET.
    pose proof (on_a_circle rho t) as O.
    pose proof (factor_positive rho) as F.
    pose proof (remainder rho t ltac:(lra) T) as BP.
    pose proof (disc_cubic_increases r rho ltac:(lra)) as CI.
    assert (0 <= - disc_cubic rho * factor rho) by (apply Rmult_le_pos; lra).
    assert (0 <= rho * (1 - t) * B rho t) by
      (apply Rmult_le_pos; [apply Rmult_le_pos; lra | assumption]).
    assert (0 <= rho * t / 18) by nra.
    assert (0 <= rho * t / 18
                 * (- 8 * disc_cubic rho * factor rho + 8 * rho * (1 - t) * B rho t))
      by (apply Rmult_le_pos; [assumption | lra]).
    lra.
Qed.

Theorem largest_disc r :
  0 < r ->
  ((forall x y, (x + r) ^ 2 + y ^ 2 <= r ^ 2 -> square (R4c (x, y)) <= 1)
   <-> disc_cubic r <= 0).
Proof.
  intros P. split.
  - (* the leftmost point -2 r lies in the real interval *)
    intros H. specialize (H (- 2 * r) 0 ltac:(nra)).
    rewrite on_the_real_axis in H. unfold square in H; simpl fst in H; simpl snd in H.
    assert (Rabs (R4 (- 2 * r)) <= 1) as A by (apply Rabs_le; nra).
    apply real_interval in A; [| lra]. unfold cubic in A. unfold disc_cubic. nra.
  - intros C x y. apply inside; lra.
Qed.

Theorem largest_disc_ends :
  disc_cubic (13926467817 / 10000000000) < 0 < disc_cubic (13926467818 / 10000000000).
Proof. unfold disc_cubic. lra. Qed.

Print Assumptions largest_disc.
