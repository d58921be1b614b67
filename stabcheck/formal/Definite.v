(* Positive semidefinite matrices, decided in integers (psd-integer-witness).

   A symmetric integer matrix M is given by its lower triangle; rho likewise.  The
   witness is a matrix L, weights w >= 0, and two positive scales t and s.  With
   E = t M - s L diag(w) L^T, every row of E has to keep

       E_ii - t rho_ii >= sum over j <> i of |E_ij| + t rho_ij.

   Then every symmetric real A with |A_ij - M_ij| <= rho_ij has v' A v >= 0. *)

Require Import ZArith Reals Lra Lia Psatz Bool List.
Import ListNotations.
Open Scope R_scope.

Fixpoint total (n : nat) (f : nat -> R) : R :=
  match n with O => 0 | S m => total m f + f m end.

Fixpoint totalZ (n : nat) (f : nat -> Z) : Z :=
  match n with O => 0%Z | S m => (totalZ m f + f m)%Z end.

(* v' A v, |v|^2, and |J v|^2. *)
Definition form (n : nat) (A : nat -> nat -> R) (v : nat -> R) : R :=
  total n (fun i => total n (fun j => v i * A i j * v j)).
Definition square (n : nat) (v : nat -> R) : R := total n (fun i => v i ^ 2).
Definition image_square (n : nat) (J : nat -> nat -> R) (v : nat -> R) : R :=
  square n (fun i => total n (fun j => J i j * v j)).

(* Entries of a matrix given by rows, and of a symmetric one by its lower triangle. *)
Definition entry (M : list (list Z)) (i j : nat) : Z := nth j (nth i M []) 0%Z.
Definition sym (M : list (list Z)) (i j : nat) : Z :=
  if Nat.leb j i then entry M i j else entry M j i.

(* D A lies within rho of M; D J lies within r of m, entry by entry. *)
Definition within (n : nat) (D : Z) (M rho : list (list Z)) (A : nat -> nat -> R) :=
  forall i j, (i < n)%nat -> (j < n)%nat ->
  Rabs (IZR D * A i j - IZR (sym M i j)) <= IZR (sym rho i j).
Definition near (n : nat) (D : Z) (m : list (list Z)) (r : Z) (J : nat -> nat -> R) :=
  forall i j, (i < n)%nat -> (j < n)%nat ->
  Rabs (IZR D * J i j - IZR (entry m i j)) <= IZR r.
Definition symmetric (n : nat) (A : nat -> nat -> R) :=
  forall i j, (i < n)%nat -> (j < n)%nat -> A i j = A j i.

(* The check. *)
Fixpoint dot (r s : list Z) : Z :=
  match r, s with x :: r', y :: s' => (x * y + dot r' s')%Z | _, _ => 0%Z end.
Fixpoint weigh (w r : list Z) : list Z :=
  match w, r with x :: w', y :: r' => (x * y)%Z :: weigh w' r' | _, _ => [] end.
Definition lower (n : nat) (f : nat -> nat -> Z) : list (list Z) :=
  map (fun i => map (f i) (seq 0 (S i))) (seq 0 n).

Definition residual (n : nat) (t s : Z) (M L : list (list Z)) (w : list Z) :=
  map (fun i => let row := weigh w (nth i L []) in
                map (fun j => (t * entry M i j - s * dot row (nth j L []))%Z)
                    (seq 0 (S i))) (seq 0 n).

Definition accepted (n : nat) (t s : Z) (M rho L : list (list Z)) (w : list Z) : bool :=
  let E := residual n t s M L w in
  let F := lower n (fun i j => (Z.abs (entry E i j) + t * entry rho i j)%Z) in
  (0 <? t)%Z && (0 <=? s)%Z && forallb (Z.leb 0) w
  && forallb (fun i =>
       forallb (fun j => (0 <=? entry rho i j)%Z) (seq 0 (S i))
       && (totalZ n (fun j => if Nat.eqb j i then 0 else sym F i j)
           <=? entry E i i - t * entry rho i i)%Z) (seq 0 n).

(* Sums. *)
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

Lemma total_first n f : total (S n) f = f O + total n (fun k => f (S k)).
Proof. induction n as [| n IH]; simpl in *; [lra | rewrite IH; lra]. Qed.

Lemma abs_total n f : Rabs (total n f) <= total n (fun i => Rabs (f i)).
Proof.
  induction n as [| n IH]; simpl; [rewrite Rabs_R0; lra |].
  pose proof (Rabs_triang (total n f) (f n)). lra.
Qed.

(* Lists. *)
Lemma nth_map_seq {X} (f : nat -> X) n i d : (i < n)%nat -> nth i (map f (seq 0 n)) d = f i.
Proof.
  intro H. rewrite (nth_indep _ d (f 0%nat)) by (rewrite map_length, seq_length; exact H).
  rewrite map_nth, seq_nth by exact H. reflexivity.
Qed.

Lemma entry_map_seq (f : nat -> nat -> Z) (size : nat -> nat) n i j :
  (i < n)%nat -> (j < size i)%nat ->
  entry (map (fun i => map (f i) (seq 0 (size i))) (seq 0 n)) i j = f i j.
Proof. intros Hi Hj. unfold entry. rewrite !nth_map_seq by assumption. reflexivity. Qed.

Lemma entry_lower f n i j :
  (i < n)%nat -> (j <= i)%nat -> entry (lower n f) i j = f i j.
Proof. intros Hi Hj. unfold lower. apply (entry_map_seq f S); lia. Qed.

Lemma dot_total r s m :
  (length r <= m)%nat ->
  IZR (dot r s) = total m (fun k => IZR (nth k r 0%Z) * IZR (nth k s 0%Z)).
Proof.
  revert s m. induction r as [| x r IH]; intros s m H.
  - symmetry. erewrite total_ext; [apply total_zero |].
    intros k _. destruct k; simpl; ring.
  - destruct m as [| m]; [simpl in H; lia |]. simpl in H. rewrite total_first.
    destruct s as [| y s].
    + simpl. rewrite (total_ext m _ (fun _ => 0)); [rewrite total_zero; ring |].
      intros k _. ring.
    + simpl. rewrite plus_IZR, mult_IZR, (IH s m) by lia. reflexivity.
Qed.

Lemma weigh_nth w r k : nth k (weigh w r) 0%Z = (nth k w 0 * nth k r 0)%Z.
Proof.
  revert r k. induction w as [| x w IH]; intros r k.
  - destruct k; reflexivity.
  - destruct r as [| y r]; [destruct k; simpl; ring |].
    destruct k; simpl; [reflexivity | apply IH].
Qed.

Lemma weigh_length w r : (length (weigh w r) <= length w)%nat.
Proof.
  revert r. induction w as [| x w IH]; intros [| y r]; simpl; try lia.
  specialize (IH r). lia.
Qed.

(* L diag(w) L^T is positive semidefinite: its form is a sum of squares. *)
Lemma gram_nonneg n m (w : nat -> R) (L : nat -> nat -> R) v :
  (forall k, 0 <= w k) ->
  0 <= form n (fun i j => total m (fun k => w k * L i k * L j k)) v.
Proof.
  intros W.
  assert (form n (fun i j => total m (fun k => w k * L i k * L j k)) v
          = total m (fun k => w k * total n (fun i => v i * L i k) ^ 2)) as E.
  { unfold form.
    transitivity (total n (fun i => total m (fun k =>
      total n (fun j => w k * (v i * L i k) * (v j * L j k))))).
    - apply total_ext; intros i _. rewrite total_swap. apply total_ext; intros j _.
      transitivity ((v i * v j) * total m (fun k => w k * L i k * L j k)); [ring |].
      rewrite <- total_scale. apply total_ext; intros k _. ring.
    - rewrite total_swap. apply total_ext; intros k _.
      transitivity (total n (fun i =>
        (w k * total n (fun j => v j * L j k)) * (v i * L i k))).
      + apply total_ext; intros i _. rewrite total_scale. ring.
      + rewrite total_scale. simpl. ring. }
  rewrite E. apply total_nonneg. intros k _.
  apply Rmult_le_pos; [apply W | apply pow2_ge_0].
Qed.

Definition off (D : nat -> nat -> R) (i j : nat) : R :=
  if Nat.eqb j i then 0 else Rabs (D i j).

(* A symmetric matrix whose diagonal dominates is positive semidefinite. *)
Lemma dominant_nonneg n D v :
  symmetric n D ->
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

Lemma rabs_between x a : Rabs x <= a -> - a <= x <= a.
Proof. intros H. unfold Rabs in H. destruct (Rcase_abs x); lra. Qed.

Lemma between_rabs x a : - a <= x <= a -> Rabs x <= a.
Proof. intros H. unfold Rabs. destruct (Rcase_abs x); lra. Qed.

(* What the check accepts is positive semidefinite within its radii. *)
Lemma sound n t s M rho L w :
  accepted n t s M rho L w = true -> forall A, symmetric n A ->
  within n 1 M rho A -> forall v, 0 <= form n A v.
Proof.
  intros H A Sym Near v. unfold accepted in H. cbv zeta in H.
  apply andb_prop in H. destruct H as [H Rows].
  apply andb_prop in H. destruct H as [H Weights].
  apply andb_prop in H. destruct H as [T S0].
  apply Z.ltb_lt in T. apply IZR_lt in T. apply Z.leb_le in S0. apply IZR_le in S0.
  rewrite forallb_forall in Weights, Rows.
  set (E := residual n t s M L w) in *.
  set (m := length w).
  set (W := fun k => IZR (nth k w 0%Z)).
  set (G := fun i k => IZR (nth k (nth i L []) 0%Z)).
  set (P := fun i j => total m (fun k => W k * G i k * G j k)).
  assert (forall k, 0 <= W k) as WP.
  { intro k. unfold W. destruct (Nat.lt_ge_cases k m) as [K | K].
    - apply IZR_le. apply Z.leb_le. apply Weights. apply nth_In. assumption.
    - rewrite nth_overflow by assumption. simpl. lra. }
  assert (forall i j, (i < n)%nat -> (j <= i)%nat ->
          IZR (entry E i j) = IZR t * IZR (entry M i j) - IZR s * P i j) as IsE.
  { intros i j Hi Hj. unfold E, residual.
    rewrite (entry_map_seq
      (fun i j => (t * entry M i j - s * dot (weigh w (nth i L [])) (nth j L []))%Z) S)
      by lia.
    rewrite minus_IZR, 2 mult_IZR, (dot_total _ _ m) by apply weigh_length.
    unfold P. f_equal. f_equal. apply total_ext; intros k _.
    rewrite weigh_nth, mult_IZR. reflexivity. }
  assert (forall i j, P i j = P j i) as PS.
  { intros i j. unfold P. apply total_ext; intros; ring. }
  assert (forall i j, (i < n)%nat -> (j < n)%nat ->
          IZR (sym E i j) = IZR t * IZR (sym M i j) - IZR s * P i j) as IsSym.
  { intros i j Hi Hj. unfold sym. destruct (Nat.leb_spec j i).
    - apply IsE; assumption.
    - rewrite (PS i j). apply IsE; lia. }
  set (D := fun i j => IZR t * A i j - IZR s * P i j).
  assert (IZR t * form n A v = IZR s * form n P v + form n D v) as Sum.
  { unfold form. rewrite <- 2 total_scale, <- total_plus. apply total_ext; intros i _.
    rewrite <- 2 total_scale, <- total_plus. apply total_ext; intros j _.
    unfold D. ring. }
  assert (0 <= form n P v) by (apply (gram_nonneg n m W G v); exact WP).
  assert (forall i j, (i < n)%nat -> (j < n)%nat ->
          Rabs (D i j - IZR (sym E i j)) <= IZR t * IZR (sym rho i j)) as Close.
  { intros i j Hi Hj. unfold D. rewrite IsSym by assumption.
    replace (IZR t * A i j - IZR s * P i j
             - (IZR t * IZR (sym M i j) - IZR s * P i j))
      with (IZR t * (1 * A i j - IZR (sym M i j))) by ring.
    rewrite Rabs_mult, (Rabs_pos_eq (IZR t)) by lra.
    apply Rmult_le_compat_l; [lra |]. apply Near; assumption. }
  assert (0 <= form n D v).
  { apply dominant_nonneg.
    - intros i j Hi Hj. unfold D. rewrite (Sym i j), (PS i j) by assumption. reflexivity.
    - intros i Hi. specialize (Rows i ltac:(apply in_seq; lia)).
      apply andb_prop in Rows. destruct Rows as [_ Margin].
      apply Z.leb_le in Margin. apply IZR_le in Margin.
      rewrite minus_IZR, mult_IZR, total_IZR in Margin.
      pose proof (Close i i Hi Hi) as Cii. apply rabs_between in Cii.
      assert (forall B, sym B i i = entry B i i) as Diag.
      { intro B. unfold sym. rewrite Nat.leb_refl. reflexivity. }
      rewrite !Diag in Cii.
      apply Rle_trans with
        (total n (fun j => IZR (if Nat.eqb j i then 0%Z else
           sym (lower n (fun i j => (Z.abs (entry E i j) + t * entry rho i j)%Z)) i j))).
      + apply total_le; intros j Hj. unfold off.
        destruct (Nat.eqb_spec j i) as [| N]; [simpl; lra |].
        assert (IZR (sym (lower n (fun i j =>
                  (Z.abs (entry E i j) + t * entry rho i j)%Z)) i j)
                = Rabs (IZR (sym E i j)) + IZR t * IZR (sym rho i j)) as ->.
        { unfold sym. destruct (Nat.leb_spec j i); rewrite entry_lower by lia;
          rewrite plus_IZR, abs_IZR, mult_IZR; reflexivity. }
        pose proof (Close i j Hi Hj).
        pose proof (Rabs_triang_inv (D i j) (IZR (sym E i j))). lra.
      + lra. }
  nra.
Qed.

(* Scaling: a positive multiple of A lies within the radii. *)
Theorem sound_scaled n D t s M rho L w :
  (0 < D)%Z -> accepted n t s M rho L w = true -> forall A, symmetric n A ->
  within n D M rho A -> forall v, 0 <= form n A v.
Proof.
  intros HD H A Sym Near v. apply IZR_lt in HD.
  assert (0 <= form n (fun i j => IZR D * A i j) v) as P.
  { apply (sound _ _ _ _ _ _ _ H).
    - intros i j Hi Hj. rewrite (Sym i j) by assumption. reflexivity.
    - intros i j Hi Hj. pose proof (Near i j Hi Hj).
      replace (1 * (IZR D * A i j)) with (IZR D * A i j) by ring. assumption. }
  replace (form n (fun i j => IZR D * A i j) v) with (IZR D * form n A v) in P.
  - nra.
  - unfold form. rewrite <- total_scale. apply total_ext; intros i _.
    rewrite <- total_scale. apply total_ext; intros j _. ring.
Qed.

(* A claim about the Jacobian itself.  The integer matrix that decides it is computed
   here, from the midpoints m of D J, the radius r of every entry, and the bound p/q. *)
Definition inner (n : nat) (cols : list (list Z)) : list (list Z) :=
  lower n (fun i j => dot (nth i cols []) (nth j cols [])).
Definition columns (n : nat) (m : list (list Z)) : list (list Z) :=
  map (fun j => map (fun i => entry m i j) (seq 0 n)) (seq 0 n).
Definition length_1 (column : list Z) : Z := fold_right (fun x s => (Z.abs x + s)%Z) 0%Z column.

(* sign (p/q I - (J + J')/2), times 2 q D *)
Definition log_matrix (n : nat) (D p q sign : Z) (m : list (list Z)) :=
  lower n (fun i j =>
    (sign * ((if Nat.eqb i j then 2 * p * D else 0) - q * (entry m i j + entry m j i)))%Z).
Definition log_radii (n : nat) (q r : Z) := lower n (fun _ _ => (2 * q * r)%Z).

(* (p/q)^2 I - J' J, times q^2 D^2 *)
Definition norm_matrix (n : nat) (D p q : Z) (m : list (list Z)) :=
  let G := inner n (columns n m) in
  lower n (fun i j =>
    ((if Nat.eqb i j then p * p * (D * D) else 0) - q * q * entry G i j)%Z).
Definition norm_radii (n : nat) (q r : Z) (m : list (list Z)) :=
  let c := map length_1 (columns n m) in
  lower n (fun i j =>
    (q * q * r * (nth i c 0 + nth j c 0 + Z.of_nat n * r))%Z).

Definition log_accepted n t s D p q sign m r L w : bool :=
  (0 <? D)%Z && (0 <? q)%Z && (0 <=? r)%Z
  && accepted n t s (log_matrix n D p q sign m) (log_radii n q r) L w.
Definition norm_accepted n t s D p q m r L w : bool :=
  (0 <? D)%Z && (0 <? q)%Z && (0 <=? p)%Z && (0 <=? r)%Z
  && accepted n t s (norm_matrix n D p q m) (norm_radii n q r m) L w.

Lemma square_identity n c v :
  form n (fun i j => if Nat.eqb j i then c else 0) v = c * square n v.
Proof.
  unfold form, square. rewrite <- total_scale. apply total_ext; intros i Hi.
  rewrite (total_ext n _ (fun j => if Nat.eqb j i then c * v j ^ 2 else 0)).
  - rewrite (total_at n i (fun j => c * v j ^ 2)) by assumption. reflexivity.
  - intros j _. destruct (Nat.eqb_spec j i) as [-> |]; ring.
Qed.

Lemma form_plus n A B v :
  form n (fun i j => A i j + B i j) v = form n A v + form n B v.
Proof.
  unfold form. rewrite <- total_plus. apply total_ext; intros i _.
  rewrite <- total_plus. apply total_ext; intros j _. ring.
Qed.

Lemma form_scale n c A v : form n (fun i j => c * A i j) v = c * form n A v.
Proof.
  unfold form. rewrite <- total_scale. apply total_ext; intros i _.
  rewrite <- total_scale. apply total_ext; intros j _. ring.
Qed.

Lemma form_transpose n A v : form n (fun i j => A j i) v = form n A v.
Proof.
  unfold form. rewrite total_swap. apply total_ext; intros i _.
  apply total_ext; intros j _. ring.
Qed.

Lemma form_gram n J v :
  form n (fun i j => total n (fun k => J k i * J k j)) v = image_square n J v.
Proof.
  unfold form, image_square, square.
  transitivity (total n (fun i => total n (fun k =>
    total n (fun j => (J k i * v i) * (J k j * v j))))).
  - apply total_ext; intros i _. rewrite total_swap. apply total_ext; intros j _.
    transitivity ((v i * v j) * total n (fun k => J k i * J k j)); [ring |].
    rewrite <- total_scale. apply total_ext; intros k _. ring.
  - rewrite total_swap. apply total_ext; intros k _.
    transitivity (total n (fun i => total n (fun j => J k j * v j) * (J k i * v i))).
    + apply total_ext; intros i _. rewrite total_scale. ring.
    + rewrite total_scale. simpl. ring.
Qed.

(* sign = 1: J's logarithmic norm is at most p/q; sign = -1: the smallest eigenvalue of
   its symmetric part is at least p/q. *)
Theorem log_sound n t s D p q sign m r L w :
  (sign = 1 \/ sign = -1)%Z ->
  log_accepted n t s D p q sign m r L w = true -> forall J, near n D m r J ->
  forall v, IZR sign * form n J v <= IZR sign * (IZR p / IZR q) * square n v.
Proof.
  intros Sign H J Near v. unfold log_accepted in H.
  apply andb_prop in H. destruct H as [H OK].
  apply andb_prop in H. destruct H as [H R0].
  apply andb_prop in H. destruct H as [HD HQ].
  apply Z.ltb_lt in HD, HQ. pose proof HD as HD'. pose proof HQ as HQ'.
  apply IZR_lt in HD, HQ.
  set (A := fun i j => IZR sign * ((if Nat.eqb j i then IZR p / IZR q else 0)
                                   + - / 2 * (J i j + J j i))).
  assert (0 <= form n A v) as P.
  { apply (sound_scaled n (2 * q * D) _ _ _ _ _ _ ltac:(nia) OK).
    - intros i j _ _. unfold A. rewrite (Nat.eqb_sym j i).
      destruct (Nat.eqb i j); ring.
    - intros i j Hi Hj.
      assert (forall a b, (a < n)%nat -> (b <= a)%nat ->
        Rabs (IZR (2 * q * D) * A a b
              - IZR (entry (log_matrix n D p q sign m) a b))
        <= IZR (2 * q * r)) as Half.
      { intros a b Ha Hb. unfold log_matrix. rewrite entry_lower by assumption.
        unfold A. rewrite (Nat.eqb_sym b a).
        pose proof (Near a b Ha ltac:(lia)) as N1.
        pose proof (Near b a ltac:(lia) Ha) as N2.
        apply rabs_between in N1, N2.
        rewrite !mult_IZR, minus_IZR, mult_IZR, plus_IZR.
        assert (IZR (if Nat.eqb a b then 2 * p * D else 0)%Z
                = if Nat.eqb a b then 2 * IZR p * IZR D else 0) as ->.
        { destruct (Nat.eqb a b); rewrite ?mult_IZR; reflexivity. }
        replace (2 * IZR q * IZR D * (IZR sign * ((if Nat.eqb a b then IZR p / IZR q else 0)
                   + - / 2 * (J a b + J b a)))
                 - IZR sign * ((if Nat.eqb a b then 2 * IZR p * IZR D else 0)
                   - IZR q * (IZR (entry m a b) + IZR (entry m b a))))
          with (IZR sign * (- IZR q * ((IZR D * J a b - IZR (entry m a b))
                                       + (IZR D * J b a - IZR (entry m b a)))))
          by (destruct (Nat.eqb a b); field; lra).
        apply between_rabs. destruct Sign as [-> | ->]; nra. }
      unfold sym, log_radii. destruct (Nat.leb_spec j i) as [Hji | Hji].
      + rewrite (entry_lower _ n i j) by assumption. apply Half; assumption.
      + rewrite (entry_lower _ n j i) by lia.
        replace (A i j) with (A j i)
          by (unfold A; rewrite (Nat.eqb_sym j i); destruct (Nat.eqb i j); ring).
        apply Half; lia. }
  unfold A in P. rewrite form_scale, form_plus, square_identity, form_scale,
    form_plus, (form_transpose n J) in P. nra.
Qed.

Lemma nth_columns n m j :
  (j < n)%nat -> nth j (columns n m) [] = map (fun i => entry m i j) (seq 0 n).
Proof. intros H. unfold columns. rewrite nth_map_seq by assumption. reflexivity. Qed.

Lemma length_1_total n (f : nat -> Z) :
  IZR (length_1 (map f (seq 0 n))) = total n (fun k => Rabs (IZR (f k))).
Proof.
  assert (forall k, IZR (length_1 (map f (seq k n)))
                    = total n (fun i => Rabs (IZR (f (k + i)%nat)))) as G.
  { induction n as [| n IH]; intros k; [reflexivity |].
    rewrite total_first. cbn [seq map].
    change (length_1 (f k :: map f (seq (S k) n)))
      with (Z.abs (f k) + length_1 (map f (seq (S k) n)))%Z.
    rewrite plus_IZR, abs_IZR, (IH (S k)). rewrite Nat.add_0_r. f_equal.
    apply total_ext; intros i _. do 3 f_equal. lia. }
  rewrite (G O). apply total_ext; intros i _. reflexivity.
Qed.

(* J's norm is at most p/q. *)
Theorem norm_sound n t s D p q m r L w :
  norm_accepted n t s D p q m r L w = true -> forall J, near n D m r J ->
  forall v, image_square n J v <= (IZR p / IZR q) ^ 2 * square n v.
Proof.
  intros H J Near v. unfold norm_accepted in H.
  apply andb_prop in H. destruct H as [H OK].
  apply andb_prop in H. destruct H as [H R0].
  apply andb_prop in H. destruct H as [H P0].
  apply andb_prop in H. destruct H as [HD HQ].
  apply Z.ltb_lt in HD, HQ. pose proof HD as HD'. pose proof HQ as HQ'.
  apply IZR_lt in HD, HQ. apply Z.leb_le in R0. apply IZR_le in R0.
  set (G := fun i j => total n (fun k => J k i * J k j)).
  set (A := fun i j => (if Nat.eqb j i then (IZR p / IZR q) ^ 2 else 0) + - (1) * G i j).
  set (M := fun k i => IZR (entry m k i)).
  assert (forall i j, G i j = G j i) as GS.
  { intros i j. unfold G. apply total_ext; intros; ring. }
  assert (forall i j, (i < n)%nat -> (j < n)%nat ->
    Rabs (IZR D ^ 2 * G i j - total n (fun k => M k i * M k j))
    <= IZR r * (total n (fun k => Rabs (M k i)) + total n (fun k => Rabs (M k j))
                + INR n * IZR r)) as Gram.
  { intros i j Hi Hj. unfold G. rewrite <- total_scale.
    replace (total n (fun k => IZR D ^ 2 * (J k i * J k j))
             - total n (fun k => M k i * M k j))
      with (total n (fun k => (IZR D * J k i) * (IZR D * J k j) - M k i * M k j)).
    2: { rewrite (total_ext n (fun k => IZR D ^ 2 * (J k i * J k j))
           (fun k => ((IZR D * J k i) * (IZR D * J k j) - M k i * M k j)
                     + M k i * M k j)) by (intros; ring).
         rewrite total_plus. ring. }
    apply Rle_trans with (1 := abs_total _ _).
    apply Rle_trans with (total n (fun k =>
      IZR r * Rabs (M k i) + (IZR r * Rabs (M k j) + IZR r * IZR r))).
    - apply total_le; intros k Hk.
      pose proof (Near k i Hk Hi) as N1. pose proof (Near k j Hk Hj) as N2.
      fold (M k i) in N1. fold (M k j) in N2.
      set (e := IZR D * J k i - M k i) in *. set (f := IZR D * J k j - M k j) in *.
      replace (IZR D * J k i * (IZR D * J k j) - M k i * M k j)
        with (e * M k j + (M k i * f + e * f)) by (unfold e, f; ring).
      apply Rle_trans with (1 := Rabs_triang _ _).
      pose proof (Rabs_triang (M k i * f) (e * f)) as T.
      rewrite !Rabs_mult in *.
      pose proof (Rabs_pos (M k i)). pose proof (Rabs_pos (M k j)).
      pose proof (Rabs_pos e). pose proof (Rabs_pos f). nra.
    - rewrite !total_plus, !total_scale.
      assert (total n (fun _ => IZR r) = INR n * IZR r) as ->.
      { clear. induction n as [| n IH]; [simpl; ring |].
        rewrite S_INR. simpl total. rewrite IH. ring. }
      lra. }
  assert (0 <= form n A v) as P.
  { apply (sound_scaled n (q * q * (D * D)) _ _ _ _ _ _ ltac:(nia) OK).
    - intros i j _ _. unfold A. rewrite (Nat.eqb_sym j i), (GS i j).
      destruct (Nat.eqb i j); ring.
    - intros i j Hi Hj.
      assert (forall a b, (a < n)%nat -> (b <= a)%nat ->
        Rabs (IZR (q * q * (D * D)) * A a b
              - IZR (entry (norm_matrix n D p q m) a b))
        <= IZR (entry (norm_radii n q r m) a b)) as Half.
      { intros a b Ha Hb. unfold norm_matrix, norm_radii. cbv zeta.
        rewrite !entry_lower by assumption.
        unfold inner. rewrite entry_lower by assumption.
        rewrite (nth_columns n m a), (nth_columns n m b) by lia.
        assert (forall c, (c < n)%nat ->
          IZR (nth c (map length_1 (columns n m)) 0%Z)
          = total n (fun k => Rabs (M k c))) as Len.
        { intros c Hc. unfold columns. rewrite map_map, nth_map_seq by assumption.
          apply length_1_total. }
        rewrite minus_IZR, !mult_IZR, !plus_IZR, mult_IZR, <- INR_IZR_INZ.
        rewrite (Len a), (Len b) by lia.
        rewrite (dot_total _ _ n) by (rewrite map_length, seq_length; lia).
        rewrite (total_ext n _ (fun k => M k a * M k b)).
        2: { intros k Hk. rewrite !(nth_map_seq _ n k) by assumption. reflexivity. }
        assert (IZR (if Nat.eqb a b then p * p * (D * D) else 0)%Z
                = if Nat.eqb a b then IZR p ^ 2 * IZR D ^ 2 else 0) as ->.
        { destruct (Nat.eqb a b); rewrite ?mult_IZR; [ring | reflexivity]. }
        unfold A. rewrite (Nat.eqb_sym b a).
        replace (IZR q * IZR q * (IZR D * IZR D)
                 * ((if Nat.eqb a b then (IZR p / IZR q) ^ 2 else 0) + - (1) * G a b)
                 - ((if Nat.eqb a b then IZR p ^ 2 * IZR D ^ 2 else 0)
                    - IZR q * IZR q * total n (fun k => M k a * M k b)))
          with (IZR q * IZR q * - (IZR D ^ 2 * G a b - total n (fun k => M k a * M k b)))
          by (destruct (Nat.eqb a b); field; lra).
        rewrite Rabs_mult, Rabs_Ropp, (Rabs_pos_eq (IZR q * IZR q)) by nra.
        pose proof (Gram a b Ha ltac:(lia)). rewrite 2 Rmult_assoc.
        rewrite Rmult_assoc. do 2 (apply Rmult_le_compat_l; [lra |]). assumption. }
      unfold sym. destruct (Nat.leb_spec j i) as [Hji | Hji].
      + apply Half; assumption.
      + replace (A i j) with (A j i)
          by (unfold A; rewrite (Nat.eqb_sym j i), (GS i j); destruct (Nat.eqb i j); ring).
        apply Half; lia. }
  unfold A in P. rewrite form_plus, square_identity, form_scale in P.
  unfold G in P. rewrite form_gram in P. lra.
Qed.
