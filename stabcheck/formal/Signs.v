(* Signs of polynomials on intervals, decided in integers.

   A polynomial is the list of its integer coefficients, the constant first.  On
   [a/D, b/D] it is, times a power of D, a form in u, w >= 0 with u + w = 1 and
   D x = a u + b w; on [a/D, infinity) one in w with D x = a + D w.  Where no coefficient
   of the form is negative (they are Bernstein's, up to binomials), no value is. *)

Require Import ZArith Reals Lra Lia Psatz Bool List.
Import ListNotations.
Open Scope R_scope.

Fixpoint value (c : list Z) (x : R) : R :=
  match c with [] => 0 | a :: c' => IZR a + x * value c' x end.

Fixpoint times_form (a b before : Z) (l : list Z) : list Z :=
  match l with
  | [] => [(b * before)%Z]
  | x :: l' => (a * x + b * before)%Z :: times_form a b x l'
  end.
Fixpoint plus_scaled (c : Z) (l m : list Z) : list Z :=
  match l, m with
  | x :: l', y :: m' => (x + c * y)%Z :: plus_scaled c l' m'
  | _, _ => []
  end.

(* The form of D^degree times the polynomial, (e u + f w)^degree, and D^degree, where
   D x = a u + b w and e u + f w = 1. *)
Fixpoint expand (a b e f D : Z) (c : list Z) : list Z * list Z * Z :=
  match c with
  | [] => ([0%Z], [1%Z], 1%Z)
  | c0 :: c' =>
    let '(h, one, power) := expand a b e f D c' in
    let one' := times_form e f 0 one in
    let power' := (D * power)%Z in
    (plus_scaled (c0 * power') (times_form a b 0 h) one', one', power')
  end.

Fixpoint form (l : list Z) (u w : R) : R :=
  match l with [] => 0 | x :: l' => IZR x * u ^ length l' + w * form l' u w end.

Lemma times_form_value a b before l u w :
  form (times_form a b before l) u w
  = (IZR a * u + IZR b * w) * form l u w + IZR b * IZR before * u ^ length l.
Proof.
  revert before. induction l as [| x l IH]; intros before; simpl.
  - rewrite mult_IZR. ring.
  - rewrite IH, plus_IZR, !mult_IZR.
    replace (length (times_form a b x l)) with (S (length l)); [simpl; ring |].
    clear. revert x. induction l as [| y l IH]; intros x; simpl; [reflexivity |].
    f_equal. apply IH.
Qed.

Lemma times_form_length a b before l : length (times_form a b before l) = S (length l).
Proof.
  revert before. induction l as [| x l IH]; intros before; simpl; [reflexivity |].
  f_equal. apply IH.
Qed.

Lemma plus_scaled_value c l m u w :
  length l = length m ->
  form (plus_scaled c l m) u w = form l u w + IZR c * form m u w.
Proof.
  revert m. induction l as [| x l IH]; intros [| y m] H; simpl in *; try discriminate.
  - ring.
  - injection H as H. rewrite IH by assumption. rewrite plus_IZR, mult_IZR.
    replace (length (plus_scaled c l m)) with (length l).
    + rewrite H. ring.
    + clear IH. revert m H. induction l as [| z l IH]; intros [| z' m] H; simpl in *;
        try discriminate; [reflexivity |].
      f_equal. apply IH. injection H as H. assumption.
Qed.

Lemma plus_scaled_length c l m : length l = length m -> length (plus_scaled c l m) = length l.
Proof.
  revert m. induction l as [| z l IH]; intros [| z' m] H; simpl in *;
    try discriminate; [reflexivity |].
  f_equal. apply IH. injection H as H. assumption.
Qed.

Lemma expand_value a b e f D c x u w :
  IZR D * x = IZR a * u + IZR b * w -> IZR e * u + IZR f * w = 1 ->
  let '(h, one, power) := expand a b e f D c in
  form h u w = IZR power * value c x /\ form one u w = 1
  /\ length h = length one /\ ((0 < D)%Z -> (0 < power)%Z).
Proof.
  intros X One. induction c as [| c0 c IH]; simpl.
  - split; [ring | split; [ring | split; [reflexivity | intros _; lia]]].
  - destruct (expand a b e f D c) as [[h one] power]. destruct IH as [H [O [Len Pos]]].
    assert (form (times_form e f 0 one) u w = 1) as O'.
    { rewrite times_form_value, One, O. ring. }
    split; [| split; [| split]].
    + rewrite plus_scaled_value by (rewrite !times_form_length; lia).
      rewrite O', times_form_value, H, <- X, !mult_IZR. ring.
    + exact O'.
    + rewrite plus_scaled_length; rewrite !times_form_length; lia.
    + intros HD. specialize (Pos HD). nia.
Qed.

Lemma form_nonneg l u w :
  0 <= u -> 0 <= w -> forallb (Z.leb 0) l = true -> 0 <= form l u w.
Proof.
  intros U W. induction l as [| x l IH]; intros H; simpl; [lra |].
  simpl in H. apply andb_prop in H. destruct H as [X L].
  apply Z.leb_le in X. apply IZR_le in X. specialize (IH L).
  pose proof (pow_le u (length l) U). nra.
Qed.

Definition piece (c : list Z) (D a b : Z) : bool :=
  (a <? b)%Z && forallb (Z.leb 0) (fst (fst (expand a b 1 1 D c))).
Fixpoint pieces (c : list Z) (D a : Z) (cuts : list Z) : bool :=
  match cuts with [] => true | b :: rest => piece c D a b && pieces c D b rest end.
Definition beyond (c : list Z) (D a : Z) : bool :=
  forallb (Z.leb 0) (fst (fst (expand a D 1 0 D c))).

Definition nonnegative_between (c : list Z) (D a : Z) (cuts : list Z) : bool :=
  (0 <? D)%Z && match cuts with [] => false | _ => true end && pieces c D a cuts.
Definition nonnegative_from (c : list Z) (D a : Z) (cuts : list Z) : bool :=
  (0 <? D)%Z && pieces c D a cuts && beyond c D (last cuts a).
Definition negative_at (c : list Z) (D a : Z) : bool :=
  (0 <? D)%Z
  && match fst (fst (expand a a 1 1 D c)) with x :: _ => (x <? 0)%Z | [] => false end.

Lemma piece_sound c D a b :
  (0 < D)%Z -> piece c D a b = true ->
  forall x, IZR a <= IZR D * x <= IZR b -> 0 <= value c x.
Proof.
  intros HD H x [A B]. unfold piece in H. apply andb_prop in H. destruct H as [AB H].
  apply Z.ltb_lt in AB. apply IZR_lt in AB.
  set (u := (IZR b - IZR D * x) / (IZR b - IZR a)).
  set (w := (IZR D * x - IZR a) / (IZR b - IZR a)).
  assert (IZR D * x = IZR a * u + IZR b * w) as X by (unfold u, w; field; lra).
  assert (1 * u + 1 * w = 1) as One by (unfold u, w; field; lra).
  assert (0 <= u) as U
    by (apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra]).
  assert (0 <= w) as W
    by (apply Rmult_le_pos; [lra | apply Rlt_le, Rinv_0_lt_compat; lra]).
  pose proof (expand_value a b 1 1 D c x u w X One) as E.
  destruct (expand a b 1 1 D c) as [[h one] power]. destruct E as [E [_ [_ Pos]]].
  specialize (Pos HD). apply IZR_lt in Pos.
  pose proof (form_nonneg h u w U W H) as N. rewrite E in N.
  apply Rmult_le_reg_l with (IZR power); lra.
Qed.

Lemma pieces_sound c D a cuts :
  (0 < D)%Z -> pieces c D a cuts = true ->
  forall x, IZR a < IZR D * x <= IZR (last cuts a) -> 0 <= value c x.
Proof.
  intros HD. revert a. induction cuts as [| b cuts IH]; intros a H x [A B].
  - simpl in B. lra.
  - simpl in H. apply andb_prop in H. destruct H as [P H].
    destruct (Rle_lt_dec (IZR D * x) (IZR b)) as [C | C].
    + apply (piece_sound c D a b HD P). lra.
    + apply (IH b H). split; [assumption |].
      replace (last cuts b) with (last (b :: cuts) a); [assumption |].
      clear. revert a b. induction cuts as [| z cuts IH]; intros a b; [reflexivity |].
      change (last (z :: cuts) a = last (z :: cuts) b).
      destruct cuts; [reflexivity |]. apply (IH a b).
Qed.

Lemma between_sound c D a cuts :
  nonnegative_between c D a cuts = true ->
  forall x, IZR a <= IZR D * x <= IZR (last cuts a) -> 0 <= value c x.
Proof.
  intros H x [A B]. unfold nonnegative_between in H.
  apply andb_prop in H. destruct H as [H Pieces].
  apply andb_prop in H. destruct H as [HD Some].
  apply Z.ltb_lt in HD. destruct cuts as [| b cuts]; [discriminate |].
  simpl in Pieces. apply andb_prop in Pieces. destruct Pieces as [P Rest].
  destruct (Rle_lt_dec (IZR D * x) (IZR b)) as [C | C].
  - apply (piece_sound c D a b HD P). lra.
  - apply (pieces_sound c D b cuts HD Rest). split; [assumption |].
    replace (last cuts b) with (last (b :: cuts) a); [assumption |].
    clear. revert a b. induction cuts as [| z cuts IH]; intros a b; [reflexivity |].
    change (last (z :: cuts) a = last (z :: cuts) b).
    destruct cuts; [reflexivity |]. apply (IH a b).
Qed.

Lemma from_sound c D a cuts :
  nonnegative_from c D a cuts = true ->
  forall x, IZR a <= IZR D * x -> 0 <= value c x.
Proof.
  intros H x A. unfold nonnegative_from in H. apply andb_prop in H. destruct H as [H Far].
  apply andb_prop in H. destruct H as [HD H].
  apply Z.ltb_lt in HD. pose proof HD as HD'. apply IZR_lt in HD.
  set (e := last cuts a) in *.
  destruct (Rle_lt_dec (IZR e) (IZR D * x)) as [B | B].
  - set (w := x - IZR e / IZR D).
    assert (0 <= w) as W.
    { apply Rmult_le_reg_l with (IZR D); [assumption |]. unfold w.
      replace (IZR D * (x - IZR e / IZR D)) with (IZR D * x - IZR e) by (field; lra). lra. }
    assert (IZR D * x = IZR e * 1 + IZR D * w) as X by (unfold w; field; lra).
    assert (1 * 1 + 0 * w = 1) as One by ring.
    pose proof (expand_value e D 1 0 D c x 1 w X One) as E.
    unfold beyond in Far.
    destruct (expand e D 1 0 D c) as [[h one] power]. destruct E as [E [_ [_ Pos]]].
    specialize (Pos HD'). apply IZR_lt in Pos.
    pose proof (form_nonneg h 1 w ltac:(lra) W Far) as N.
    rewrite E in N. apply Rmult_le_reg_l with (IZR power); lra.
  - apply (between_sound c D a cuts); [| unfold e in B; lra].
    unfold nonnegative_between. apply Z.ltb_lt in HD'. rewrite HD', H.
    destruct cuts; [unfold e in B; simpl in B; lra | reflexivity].
Qed.

Lemma negative_sound c D a : negative_at c D a = true -> value c (IZR a / IZR D) < 0.
Proof.
  intros H. unfold negative_at in H. apply andb_prop in H. destruct H as [HD H].
  apply Z.ltb_lt in HD. pose proof HD as HD'. apply IZR_lt in HD.
  assert (IZR D * (IZR a / IZR D) = IZR a * 1 + IZR a * 0) as X by (field; lra).
  assert (1 * 1 + 1 * 0 = 1) as One by ring.
  pose proof (expand_value a a 1 1 D c _ 1 0 X One) as E.
  destruct (expand a a 1 1 D c) as [[h one] power]. destruct E as [E [_ [_ Pos]]].
  specialize (Pos HD'). apply IZR_lt in Pos.
  destruct h as [| y h]; [discriminate |]. apply Z.ltb_lt in H. simpl in H, E.
  apply IZR_lt in H. rewrite pow1 in E. nra.
Qed.

(* Stability functions R = P/Q: |P| against |Q| on the real and the imaginary axis. *)
Fixpoint plus (l m : list Z) : list Z :=
  match l, m with
  | x :: l', y :: m' => (x + y)%Z :: plus l' m'
  | [], _ => m
  | _, [] => l
  end.
Definition scale (a : Z) (l : list Z) : list Z := map (Z.mul a) l.
Fixpoint times (l m : list Z) : list Z :=
  match l with [] => [] | x :: l' => plus (scale x m) (0%Z :: times l' m) end.
Fixpoint mirror (l : list Z) : list Z :=
  match l with [] => [] | x :: l' => x :: scale (-1) (mirror l') end.

Lemma plus_value l m x : value (plus l m) x = value l x + value m x.
Proof.
  revert m. induction l as [| a l IH]; intros [| b m]; simpl; try ring.
  rewrite IH, plus_IZR. ring.
Qed.

Lemma scale_value a l x : value (scale a l) x = IZR a * value l x.
Proof.
  induction l as [| b l IH]; simpl; [ring |].
  change (map (Z.mul a) l) with (scale a l). rewrite IH, mult_IZR. ring.
Qed.

Lemma times_value l m x : value (times l m) x = value l x * value m x.
Proof.
  induction l as [| a l IH]; simpl; [ring |].
  rewrite plus_value, scale_value. simpl. rewrite IH. ring.
Qed.

Lemma mirror_value l x : value (mirror l) x = value l (- x).
Proof.
  induction l as [| a l IH]; simpl; [reflexivity |].
  rewrite scale_value, IH. ring.
Qed.

(* P(iy) = a(y^2) + i y b(y^2), and its squared modulus. *)
Fixpoint parts (c : list Z) : list Z * list Z :=
  match c with
  | [] => ([], [])
  | c0 :: c' => let '(a, b) := parts c' in (c0 :: scale (-1) b, a)
  end.
Fixpoint on_axis (c : list Z) (y : R) : R * R :=
  match c with
  | [] => (0, 0)
  | c0 :: c' => let '(a, b) := on_axis c' y in (IZR c0 - y * b, y * a)
  end.
Definition modulus_square (c : list Z) (y : R) : R :=
  fst (on_axis c y) ^ 2 + snd (on_axis c y) ^ 2.

Lemma parts_value c y :
  on_axis c y = (value (fst (parts c)) (y ^ 2), y * value (snd (parts c)) (y ^ 2)).
Proof.
  induction c as [| c0 c IH]; simpl; [f_equal; ring |].
  rewrite IH. destruct (parts c) as [a b]. simpl.
  rewrite scale_value. f_equal; simpl; ring.
Qed.

Definition real_excess (P Q : list Z) : list Z :=
  mirror (plus (times Q Q) (scale (-1) (times P P))).
Definition axis_square (c : list Z) : list Z :=
  let '(a, b) := parts c in plus (times a a) (0%Z :: times b b).
Definition imaginary_excess (P Q : list Z) : list Z :=
  plus (axis_square Q) (scale (-1) (axis_square P)).

Lemma real_excess_value P Q x :
  value (real_excess P Q) x = value Q (- x) ^ 2 - value P (- x) ^ 2.
Proof.
  unfold real_excess. rewrite mirror_value, plus_value, scale_value, !times_value. ring.
Qed.

Lemma axis_square_value c y : value (axis_square c) (y ^ 2) = modulus_square c y.
Proof.
  unfold axis_square, modulus_square. rewrite parts_value.
  destruct (parts c) as [a b]. cbn [fst snd].
  rewrite plus_value. cbn [value]. rewrite !times_value. ring.
Qed.

Lemma imaginary_excess_value P Q y :
  value (imaginary_excess P Q) (y ^ 2) = modulus_square Q y - modulus_square P y.
Proof.
  unfold imaginary_excess. rewrite plus_value, scale_value, !axis_square_value. ring.
Qed.

(* k c = g^2 h: squares are split off, since a root of even multiplicity is not seen by
   Bernstein coefficients. *)
Definition factored (k : Z) (c g h : list Z) : bool :=
  (0 <? k)%Z
  && forallb (Z.eqb 0) (plus (scale k c) (scale (-1) (times (times g g) h))).

Lemma zero_value l x : forallb (Z.eqb 0) l = true -> value l x = 0.
Proof.
  induction l as [| a l IH]; intros H; [reflexivity |].
  cbn [forallb] in H. cbn [value]. apply andb_prop in H. destruct H as [A L].
  apply Z.eqb_eq in A. rewrite <- A, (IH L). ring.
Qed.

Lemma factored_sound k c g h x :
  factored k c g h = true -> 0 <= value h x -> 0 <= value c x.
Proof.
  intros H N. unfold factored in H. apply andb_prop in H. destruct H as [K H].
  apply Z.ltb_lt in K. apply IZR_lt in K. apply (zero_value _ x) in H.
  rewrite plus_value, !scale_value, !times_value in H.
  pose proof (pow2_ge_0 (value g x)). apply Rmult_le_reg_l with (IZR k); [lra |].
  replace (IZR k * value c x) with (value g x ^ 2 * value h x) by lra. nra.
Qed.

(* [-e/D, 0] lies in the stability region, or all x <= 0; and on the imaginary axis. *)
Theorem real_interval P Q k g h D e cuts :
  factored k (real_excess P Q) g h && nonnegative_between h D 0 cuts
  && (last cuts 0 =? e)%Z = true ->
  forall x, IZR (- e) <= IZR D * x <= 0 -> value P x ^ 2 <= value Q x ^ 2.
Proof.
  intros H x [A B]. apply andb_prop in H. destruct H as [H E].
  apply andb_prop in H. destruct H as [F H].
  apply Z.eqb_eq in E. subst e. rewrite opp_IZR in A.
  pose proof (between_sound _ _ _ _ H (- x) ltac:(lra)) as N.
  apply (factored_sound _ _ _ _ _ F) in N.
  rewrite real_excess_value, Ropp_involutive in N. lra.
Qed.

Theorem real_axis P Q k g h D cuts :
  factored k (real_excess P Q) g h && nonnegative_from h D 0 cuts = true ->
  forall x, x <= 0 -> value P x ^ 2 <= value Q x ^ 2.
Proof.
  intros H x A. apply andb_prop in H. destruct H as [F H].
  assert (0 < D)%Z as HD.
  { unfold nonnegative_from in H. apply andb_prop in H. destruct H as [H _].
    apply andb_prop in H. destruct H as [H _]. apply Z.ltb_lt. exact H. }
  apply IZR_lt in HD. pose proof (from_sound _ _ _ _ H (- x) ltac:(nra)) as N.
  apply (factored_sound _ _ _ _ _ F) in N.
  rewrite real_excess_value, Ropp_involutive in N. lra.
Qed.

Theorem imaginary_interval P Q k g h D e cuts :
  factored k (imaginary_excess P Q) g h && nonnegative_between h (D * D) 0 cuts
  && (last cuts 0 =? e * e)%Z = true ->
  forall x, 0 <= IZR D * x <= IZR e -> modulus_square P x <= modulus_square Q x.
Proof.
  intros H x [A B]. apply andb_prop in H. destruct H as [H E].
  apply andb_prop in H. destruct H as [F H].
  apply Z.eqb_eq in E.
  assert (0 <= value h (x ^ 2)) as N.
  { apply (between_sound _ _ _ _ H). rewrite E, 2 mult_IZR. split; [nra |].
    replace (IZR D * IZR D * x ^ 2) with ((IZR D * x) * (IZR D * x)) by ring. nra. }
  apply (factored_sound _ _ _ _ _ F) in N.
  rewrite imaginary_excess_value in N. lra.
Qed.

Theorem imaginary_axis P Q k g h D cuts :
  factored k (imaginary_excess P Q) g h && nonnegative_from h D 0 cuts = true ->
  forall x, modulus_square P x <= modulus_square Q x.
Proof.
  intros H x. apply andb_prop in H. destruct H as [F H].
  assert (0 < D)%Z as HD.
  { unfold nonnegative_from in H. apply andb_prop in H. destruct H as [H _].
    apply andb_prop in H. destruct H as [H _]. apply Z.ltb_lt. exact H. }
  apply IZR_lt in HD.
  pose proof (from_sound _ _ _ _ H (x ^ 2) ltac:(pose proof (pow2_ge_0 x); nra)) as N.
  apply (factored_sound _ _ _ _ _ F) in N.
  rewrite imaginary_excess_value in N. lra.
Qed.

(* And somewhere beyond, |P| exceeds |Q|. *)
Theorem real_exceeded P Q D a :
  negative_at (real_excess P Q) D a = true ->
  value Q (- (IZR a / IZR D)) ^ 2 < value P (- (IZR a / IZR D)) ^ 2.
Proof.
  intros H. apply negative_sound in H. rewrite real_excess_value in H. lra.
Qed.

Theorem imaginary_exceeded P Q D a :
  negative_at (imaginary_excess P Q) (D * D) (a * a) = true ->
  modulus_square Q (IZR a / IZR D) < modulus_square P (IZR a / IZR D).
Proof.
  intros H.
  assert (0 < D * D)%Z as HD.
  { unfold negative_at in H. apply andb_prop in H. destruct H as [H _].
    apply Z.ltb_lt. exact H. }
  apply negative_sound in H.
  replace (IZR (a * a) / IZR (D * D)) with ((IZR a / IZR D) ^ 2) in H.
  - rewrite imaginary_excess_value in H. lra.
  - rewrite 2 mult_IZR. apply IZR_lt in HD. rewrite mult_IZR in HD. field.
    intros Zero. rewrite Zero in HD. lra.
Qed.
