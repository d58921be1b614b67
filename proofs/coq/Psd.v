(* The integer kernel decides positive semidefiniteness soundly (psd-integer-witness).

   psd_ball n M rho L s is the check of stabcheck/checker/kernel.py: with P = L L^T and
   E = 2^s M - P, every row of E keeps

       E_ii - 2^s rho_ii >= sum over j <> i of |E_ij| + 2^s rho_ij,   rho >= 0.

   sound   if it returns true, every symmetric real A with |A_ij - M_ij| <= rho_ij for
           all i, j < n has sum v_i A_ij v_j >= 0 for every real v.

   Matrices are functions of two indices below n; integers are Coq's Z, as the kernel's
   are Python's.  The statement is about this transcription of the kernel. *)

Require Import ZArith Reals Lra Lia Psatz Bool List.
Open Scope R_scope.

Fixpoint total (n : nat) (f : nat -> R) : R :=
  match n with O => 0 | S m => total m f + f m end.

Fixpoint totalZ (n : nat) (f : nat -> Z) : Z :=
  match n with O => 0%Z | S m => (totalZ m f + f m)%Z end.

Lemma total_le n f g : (forall i, (i < n)%nat -> f i <= g i) -> total n f <= total n g.
Proof.
  induction n as [| n IH]; intros H; simpl; [lra |].
  pose proof (H n ltac:(lia)).
  assert (total n f <= total n g) by (apply IH; intros; apply H; lia). lra.
Qed.

Lemma total_ext n f g : (forall i, (i < n)%nat -> f i = g i) -> total n f = total n g.
Proof.
  induction n as [| n IH]; intros H; simpl; [reflexivity |].
  rewrite (H n), IH by (try lia; intros; apply H; lia). reflexivity.
Qed.

Lemma total_plus n f g : total n (fun i => f i + g i) = total n f + total n g.
Proof. induction n as [| n IH]; simpl; [lra | rewrite IH; lra]. Qed.

Lemma total_scale n a f : total n (fun i => a * f i) = a * total n f.
Proof. induction n as [| n IH]; simpl; [lra | rewrite IH; lra]. Qed.

Lemma total_zero n : total n (fun _ => 0) = 0.
Proof. induction n as [| n IH]; simpl; lra. Qed.

Lemma total_nonneg n f : (forall i, (i < n)%nat -> 0 <= f i) -> 0 <= total n f.
Proof. intros H. rewrite <- (total_zero n). apply total_le. assumption. Qed.

Lemma total_swap n m f :
  total n (fun i => total m (fun j => f i j)) = total m (fun j => total n (fun i => f i j)).
Proof.
  induction n as [| n IH]; simpl; [symmetry; apply total_zero |].
  rewrite IH, <- total_plus. reflexivity.
Qed.

Lemma total_at n i f :
  (i < n)%nat -> total n (fun j => if Nat.eqb j i then f j else 0) = f i.
Proof.
  intros H. induction n as [| n IH]; [lia |]. simpl.
  destruct (Nat.eqb_spec n i) as [-> | N].
  - rewrite (total_ext i _ (fun _ => 0)); [rewrite total_zero; lra |].
    intros j J. destruct (Nat.eqb_spec j i); [lia | reflexivity].
  - rewrite IH by lia. lra.
Qed.

Lemma total_IZR n f : IZR (totalZ n f) = total n (fun i => IZR (f i)).
Proof. induction n as [| n IH]; simpl; [reflexivity | rewrite plus_IZR, IH; reflexivity]. Qed.

Definition form (n : nat) (A : nat -> nat -> R) (v : nat -> R) : R :=
  total n (fun i => total n (fun j => v i * A i j * v j)).

(* L L^T is positive semidefinite: its form is a sum of squares. *)
Lemma gram_nonneg n (L : nat -> nat -> R) v :
  0 <= form n (fun i j => total n (fun k => L i k * L j k)) v.
Proof.
  assert (form n (fun i j => total n (fun k => L i k * L j k)) v
          = total n (fun k => total n (fun i => v i * L i k) ^ 2)) as E.
  { unfold form.
    transitivity (total n (fun i => total n (fun k =>
      total n (fun j => (v i * L i k) * (v j * L j k))))).
    - apply total_ext; intros i _. rewrite total_swap. apply total_ext; intros j _.
      transitivity ((v i * v j) * total n (fun k => L i k * L j k)); [ring |].
      rewrite <- total_scale. apply total_ext; intros k _. ring.
    - rewrite total_swap. apply total_ext; intros k _.
      transitivity (total n (fun i => total n (fun j => v j * L j k) * (v i * L i k))).
      + apply total_ext; intros i _. rewrite total_scale. ring.
      + rewrite total_scale. simpl. ring. }
  rewrite E. apply total_nonneg. intros k _. apply pow2_ge_0.
Qed.

Definition off (D : nat -> nat -> R) (i j : nat) : R :=
  if Nat.eqb j i then 0 else Rabs (D i j).

(* A symmetric matrix whose diagonal dominates is positive semidefinite. *)
Lemma dominant_nonneg n D v :
  (forall i j, (i < n)%nat -> (j < n)%nat -> D i j = D j i) ->
  (forall i, (i < n)%nat -> total n (off D i) <= D i i) ->
  0 <= form n D v.
Proof.
  intros Sym Dom.
  set (lower := fun i j => (if Nat.eqb j i then D j j * v j ^ 2 else 0)
                           + (- / 2 * (off D i j * v i ^ 2)
                              + - / 2 * (off D i j * v j ^ 2))).
  assert (total n (fun i => total n (lower i)) <= form n D v) as Below.
  { unfold form. apply total_le; intros i Hi. apply total_le; intros j Hj.
    unfold lower, off. destruct (Nat.eqb_spec j i) as [-> | N]; [nra |].
    (* v_i D v_j >= -|D| (v_i^2 + v_j^2)/2 *)
    pose proof (pow2_ge_0 (v i - v j)). pose proof (pow2_ge_0 (v i + v j)).
    unfold Rabs. destruct (Rcase_abs (D i j)); nra. }
  assert (total n (fun i => total n (lower i))
          = total n (fun i => (D i i - total n (off D i)) * v i ^ 2)) as Equal.
  { unfold lower.
    rewrite (total_ext n _ (fun i =>
      D i i * v i ^ 2
      + (- / 2 * (total n (off D i) * v i ^ 2)
         + total n (fun j => - / 2 * (off D i j * v j ^ 2))))).
    - rewrite total_plus, total_plus.
      rewrite (total_swap n n (fun i j => - / 2 * (off D i j * v j ^ 2))).
      rewrite (total_ext n
        (fun j => total n (fun i => - / 2 * (off D i j * v j ^ 2)))
        (fun j => - / 2 * (total n (off D j) * v j ^ 2))).
      + rewrite <- total_plus, <- total_plus. apply total_ext; intros i _. field.
      + intros j Hj. rewrite total_scale. f_equal.
        rewrite (Rmult_comm (total n (off D j))), <- total_scale.
        apply total_ext; intros i Hi.
        unfold off. rewrite (Nat.eqb_sym j i).
        destruct (Nat.eqb i j); [ring |]. rewrite (Sym i j) by assumption. ring.
    - intros i Hi. rewrite total_plus, total_plus.
      rewrite (total_at n i (fun j => D j j * v j ^ 2)) by assumption.
      rewrite total_scale.
      rewrite (total_ext n (fun j => off D i j * v i ^ 2)
                           (fun j => v i ^ 2 * off D i j)) by (intros; ring).
      rewrite total_scale. ring. }
  apply Rle_trans with (2 := Below). rewrite Equal.
  apply total_nonneg. intros i Hi. apply Rmult_le_pos; [| apply pow2_ge_0].
  pose proof (Dom i Hi). lra.
Qed.

(* The kernel's arithmetic, in integers. *)
Lemma rabs_between x a : Rabs x <= a -> - a <= x <= a.
Proof. intros H. unfold Rabs in H. destruct (Rcase_abs x); lra. Qed.

Section Kernel.

Variable n : nat.
Variables M rho L : nat -> nat -> Z.
Variable s : nat.

Definition shift : Z := (2 ^ Z.of_nat s)%Z.
Definition product (i j : nat) : Z := totalZ n (fun k => (L i k * L j k)%Z).
Definition residual (i j : nat) : Z := (shift * M i j - product i j)%Z.

Definition margin (i : nat) : Z :=
  (residual i i - shift * rho i i
   - totalZ n (fun j => if Nat.eqb j i then 0
                        else Z.abs (residual i j) + shift * rho i j))%Z.

Definition row_accepted (i : nat) : bool :=
  forallb (fun j => Z.leb 0 (rho i j)
                    && (Z.eqb (M i j) (M j i) && Z.eqb (rho i j) (rho j i)))
          (seq 0 n)
  && Z.leb 0 (margin i).

Definition psd_ball : bool := forallb row_accepted (seq 0 n).

Lemma accepted_rows :
  psd_ball = true -> forall i, (i < n)%nat ->
  (0 <= margin i)%Z
  /\ forall j, (j < n)%nat -> (0 <= rho i j)%Z /\ M i j = M j i /\ rho i j = rho j i.
Proof.
  intros H i Hi. unfold psd_ball in H. rewrite forallb_forall in H.
  specialize (H i ltac:(apply in_seq; lia)). unfold row_accepted in H.
  apply andb_prop in H. destruct H as [Rows Margin].
  split; [apply Z.leb_le; assumption |]. intros j Hj.
  rewrite forallb_forall in Rows. specialize (Rows j ltac:(apply in_seq; lia)).
  apply andb_prop in Rows. destruct Rows as [Pos Syms].
  apply andb_prop in Syms. destruct Syms as [SM SR].
  repeat split; [apply Z.leb_le | apply Z.eqb_eq | apply Z.eqb_eq]; assumption.
Qed.

Theorem sound (A : nat -> nat -> R) (v : nat -> R) :
  psd_ball = true ->
  (forall i j, (i < n)%nat -> (j < n)%nat -> A i j = A j i) ->
  (forall i j, (i < n)%nat -> (j < n)%nat -> Rabs (A i j - IZR (M i j)) <= IZR (rho i j)) ->
  0 <= form n A v.
Proof.
  intros Accepted Sym Near.
  pose proof (accepted_rows Accepted) as Rows.
  assert (0 < IZR shift) as Positive by (apply IZR_lt; unfold shift; lia).
  set (P := fun i j => total n (fun k => IZR (L i k) * IZR (L j k))).
  assert (forall i j, IZR (product i j) = P i j) as IsP.
  { intros i j. unfold product, P. rewrite total_IZR. apply total_ext. intros.
    apply mult_IZR. }
  set (D := fun i j => IZR shift * A i j - P i j).
  (* 2^s A = P + D *)
  assert (IZR shift * form n A v = form n P v + form n D v) as Sum.
  { unfold form. rewrite <- total_plus, <- total_scale. apply total_ext; intros i _.
    rewrite <- total_plus, <- total_scale. apply total_ext; intros j _.
    unfold D. ring. }
  assert (0 <= form n P v) by apply (gram_nonneg n (fun i k => IZR (L i k)) v).
  assert (forall i j, (i < n)%nat -> (j < n)%nat ->
          Rabs (D i j - IZR (residual i j)) <= IZR shift * IZR (rho i j)) as Close.
  { intros i j Hi Hj. unfold D, residual. rewrite minus_IZR, mult_IZR, IsP.
    replace (IZR shift * A i j - P i j - (IZR shift * IZR (M i j) - P i j))
      with (IZR shift * (A i j - IZR (M i j))) by ring.
    rewrite Rabs_mult, (Rabs_pos_eq (IZR shift)) by lra.
    apply Rmult_le_compat_l; [lra |]. apply Near; assumption. }
  assert (0 <= form n D v).
  { apply dominant_nonneg.
    - intros i j Hi Hj. unfold D. rewrite (Sym i j) by assumption. f_equal.
      unfold P. apply total_ext; intros; ring.
    - intros i Hi. destruct (Rows i Hi) as [Margin _]. unfold margin in Margin.
      apply IZR_le in Margin. rewrite 2 minus_IZR, mult_IZR, total_IZR in Margin.
      pose proof (Close i i Hi Hi) as Cii. apply rabs_between in Cii.
      apply Rle_trans with
        (total n (fun j => IZR (if Nat.eqb j i then 0%Z
           else (Z.abs (residual i j) + shift * rho i j)%Z))); [| lra].
      apply total_le; intros j Hj. unfold off.
      destruct (Nat.eqb j i); [simpl; lra |].
      rewrite plus_IZR, abs_IZR, mult_IZR.
      pose proof (Close i j Hi Hj). pose proof (Rabs_triang_inv (D i j) (IZR (residual i j))).
      lra. }
  nra.
Qed.

End Kernel.

Print Assumptions sound.
