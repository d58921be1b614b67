(* Stability regions in the plane: z = x + iy as the pair (x, y), |z|^2 = x^2 + y^2.

   euler_interval      |1 + x| <= 1 exactly for -2 <= x <= 0
   euler_disc          the region of forward Euler is the disc |z + 1| <= 1
   euler_largest_disc  |z + r| <= r lies in it exactly for r <= 1
   euler_imaginary     it meets the imaginary axis in 0 alone
   backward_euler      the region of backward Euler is |z - 1| >= 1
   implicit_midpoint   that of the implicit midpoint and the trapezoidal rule is x <= 0

   A quotient N/D is stable where |N|^2 <= |D|^2, D not 0. *)

Require Import Reals Lra Psatz.
Open Scope R_scope.

Definition square (x y : R) := x ^ 2 + y ^ 2.

Theorem euler_interval x : Rabs (1 + x) <= 1 <-> -2 <= x <= 0.
Proof.
  split; intros H.
  - unfold Rabs in H. destruct (Rcase_abs (1 + x)); lra.
  - apply Rabs_le. lra.
Qed.

Theorem euler_disc x y : square (1 + x) y <= 1 <-> square (x + 1) y <= 1.
Proof. unfold square. split; intros; nra. Qed.

Theorem euler_largest_disc r :
  0 <= r ->
  ((forall x y, square (x + r) y <= r ^ 2 -> square (1 + x) y <= 1) <-> r <= 1).
Proof.
  intros P. split; intros H.
  - (* the leftmost point -2 r of the disc *)
    assert (square (1 - 2 * r) 0 <= 1) as L.
    { replace (1 - 2 * r) with (1 + (- 2 * r)) by ring. apply H. unfold square. nra. }
    unfold square in L. nra.
  - intros x y D. unfold square in *.
    (* x^2 + y^2 <= -2 r x, so x <= 0 and -2 r x <= -2 x *)
    assert (x <= 0) by (destruct (Rle_lt_dec x 0); [assumption | nra]). nra.
Qed.

Theorem euler_imaginary y : square 1 y <= 1 <-> y = 0.
Proof. unfold square. split; intros; nra. Qed.

Theorem backward_euler x y : 1 <= square (1 - x) (- y) <-> 1 <= square (x - 1) y.
Proof. unfold square. split; intros; nra. Qed.

Theorem implicit_midpoint x y :
  square (1 + x / 2) (y / 2) <= square (1 - x / 2) (- (y / 2)) <-> x <= 0.
Proof. unfold square. split; intros; nra. Qed.

Print Assumptions euler_largest_disc.
