(* The covariance of a probability vector, for every length.

   J = diag(p) - p p^T is the Jacobian of softmax at the weights p, and v^T J v is the
   variance of the values v under p:  v^T J v = sum p_i v_i^2 - (sum p_i v_i)^2.

   positive      0 <= v^T J v                               (softmax-jacobian-half)
   gershgorin    v^T J v <= 2 sum p_i (1 - p_i) v_i^2
   half          v^T J v <= |v|^2 / 2                       (softmax-jacobian-half)
   bhatia_davis  v^T J v <= (M - mean) (mean - m)           (popoviciu)
   popoviciu     v^T J v <= (M - m)^2 / 4                   (popoviciu)
   top_two       v^T J v <= p_1 (1 - p_1 + p_2) |v|^2       (softmax-jacobian-top-two)

   A vector with its weights is a list of pairs (p_i, v_i).  In top_two the largest
   weight stands first, and p_2 bounds the others; the order of the rest is free. *)

Require Import Reals List Lra Psatz.
Import ListNotations.
Open Scope R_scope.

Fixpoint mass (l : list (R * R)) : R :=
  match l with [] => 0 | (p, _) :: rest => p + mass rest end.

Fixpoint mean (l : list (R * R)) : R :=
  match l with [] => 0 | (p, v) :: rest => p * v + mean rest end.

Fixpoint moment (l : list (R * R)) : R :=
  match l with [] => 0 | (p, v) :: rest => p * v ^ 2 + moment rest end.

Fixpoint energy (l : list (R * R)) : R :=
  match l with [] => 0 | (_, v) :: rest => v ^ 2 + energy rest end.

Definition variance l := moment l - mean l ^ 2.

Definition weights (l : list (R * R)) := Forall (fun e => 0 <= fst e) l.
Definition law l := weights l /\ mass l = 1.

Lemma mass_nonneg l : weights l -> 0 <= mass l.
Proof. induction 1 as [| [p v] rest Hp _ IH]; simpl in *; lra. Qed.

Lemma moment_nonneg l : weights l -> 0 <= moment l.
Proof.
  induction 1 as [| [p v] rest Hp _ IH]; simpl in *; [lra |].
  pose proof (pow2_ge_0 v); nra.
Qed.

Lemma energy_nonneg l : 0 <= energy l.
Proof.
  induction l as [| [p v] rest IH]; simpl in *; [lra |].
  pose proof (pow2_ge_0 v); lra.
Qed.

(* Cauchy-Schwarz with weights, by induction: the step is (sqrt(p m) v - ...)^2,
   written without roots. *)
Lemma cauchy_schwarz l : weights l -> mean l ^ 2 <= mass l * moment l.
Proof.
  induction 1 as [| [p v] rest Hp W IH]; simpl in *; [lra |].
  pose proof (mass_nonneg rest W) as M.
  (* p (mass v^2 - 2 mean v + moment) >= 0, by the discriminant. *)
  assert (0 <= mass rest * v ^ 2 - 2 * mean rest * v + moment rest) as Q.
  { pose proof (moment_nonneg rest W).
    destruct (Req_dec (mass rest) 0) as [Z | N].
    - rewrite Z in *. assert (mean rest = 0) by nra. nra.
    - assert (0 < mass rest) by lra.
      assert (0 <= mass rest * (mass rest * v ^ 2 - 2 * mean rest * v + moment rest)).
      { pose proof (pow2_ge_0 (mass rest * v - mean rest)). nra. }
      nra. }
  nra.
Qed.

Theorem positive l : law l -> 0 <= variance l.
Proof.
  intros [W S]. unfold variance. pose proof (cauchy_schwarz l W). rewrite S in *. lra.
Qed.

(* sum p_i (s - p_i) v_i^2 where s is a total mass. *)
Fixpoint off_diagonal (s : R) (l : list (R * R)) : R :=
  match l with
  | [] => 0
  | (p, v) :: rest => p * (s - p) * v ^ 2 + off_diagonal s rest
  end.

Lemma off_diagonal_shift l s t :
  off_diagonal (s + t) l = off_diagonal s l + t * moment l.
Proof. induction l as [| [p v] rest IH]; simpl in *; [lra | rewrite IH; lra]. Qed.

Lemma gershgorin_mass l :
  weights l -> mass l * moment l - mean l ^ 2 <= 2 * off_diagonal (mass l) l.
Proof.
  induction 1 as [| [p v] rest Hp W IH]; simpl in *; [lra |].
  replace (p + mass rest) with (mass rest + p) by lra.
  rewrite off_diagonal_shift.
  pose proof (mass_nonneg rest W). pose proof (moment_nonneg rest W).
  pose proof (cauchy_schwarz rest W).
  (* - 2 p v mean <= p (mass v^2 + moment), once more by Cauchy-Schwarz *)
  assert (0 <= mass rest * v ^ 2 + 2 * mean rest * v + moment rest) as Q.
  { destruct (Req_dec (mass rest) 0) as [Z | N].
    - rewrite Z in *. assert (mean rest = 0) by nra. nra.
    - assert (0 < mass rest) by lra.
      assert (0 <= mass rest * (mass rest * v ^ 2 + 2 * mean rest * v + moment rest)).
      { pose proof (pow2_ge_0 (mass rest * v + mean rest)). nra. }
      nra. }
  nra.
Qed.

Theorem gershgorin l : law l -> variance l <= 2 * off_diagonal 1 l.
Proof.
  intros [W S]. unfold variance. pose proof (gershgorin_mass l W).
  rewrite S in *. lra.
Qed.

Theorem half l : law l -> variance l <= energy l / 2.
Proof.
  intros L. pose proof (gershgorin l L) as G.
  assert (forall k, 2 * off_diagonal 1 k <= energy k / 2) as B.
  { induction k as [| [p v] rest IH]; simpl in *; [lra |].
    (* p (1 - p) <= 1/4 *)
    pose proof (pow2_ge_0 v). pose proof (pow2_ge_0 (2 * p - 1)). nra. }
  pose proof (B l). lra.
Qed.

Lemma spread l m M :
  weights l -> Forall (fun e => m <= snd e <= M) l ->
  moment l <= (M + m) * mean l - M * m * mass l.
Proof.
  intros W. induction W as [| [p v] rest Hp W IH]; intros B; simpl in *; [lra |].
  inversion B as [| ? ? Hv Hrest]; subst; simpl in *. specialize (IH Hrest).
  (* (M - v) (v - m) >= 0 *)
  assert (0 <= p * ((M - v) * (v - m))) by
    (apply Rmult_le_pos; [lra | apply Rmult_le_pos; lra]).
  nra.
Qed.

Theorem bhatia_davis l m M :
  law l -> Forall (fun e => m <= snd e <= M) l ->
  variance l <= (M - mean l) * (mean l - m).
Proof.
  intros [W S] B. unfold variance. pose proof (spread l m M W B). rewrite S in *. nra.
Qed.

Theorem popoviciu l m M :
  law l -> Forall (fun e => m <= snd e <= M) l -> variance l <= (M - m) ^ 2 / 4.
Proof.
  intros L B. pose proof (bhatia_davis l m M L B).
  pose proof (pow2_ge_0 (2 * mean l - M - m)). nra.
Qed.

(* sum (g - p_i) v_i^2 over the weights that are not the largest. *)
Fixpoint slack (g : R) (l : list (R * R)) : R :=
  match l with [] => 0 | (p, v) :: rest => (g - p) * v ^ 2 + slack g rest end.

Lemma slack_is g l : slack g l = g * energy l - moment l.
Proof. induction l as [| [p v] rest IH]; simpl in *; [lra | rewrite IH; lra]. Qed.

(* p_2 (g - p_i) >= (p_1 - p_2) (1 - p_1) p_i for every p_i <= p_2: equality at p_2. *)
Lemma slack_dominates p1 p2 l :
  0 <= p2 <= p1 -> p1 <= 1 ->
  Forall (fun e => 0 <= fst e <= p2) l ->
  (p1 - p2) * (1 - p1) * moment l <= p2 * slack (p1 * (1 - p1 + p2)) l.
Proof.
  intros P1 P2 B. induction B as [| [p v] rest Hp _ IH]; simpl in *; [lra |].
  assert (0 <= (p2 * (p1 * (1 - p1 + p2) - p) - (p1 - p2) * (1 - p1) * p)) as K.
  { replace (p2 * (p1 * (1 - p1 + p2) - p) - (p1 - p2) * (1 - p1) * p)
      with ((p2 - p) * (p2 + (p1 - p2) * (1 - p1))) by ring.
    apply Rmult_le_pos; [lra |]. nra. }
  pose proof (pow2_ge_0 v). nra.
Qed.

Theorem top_two p1 v1 p2 rest :
  law ((p1, v1) :: rest) ->
  0 <= p2 <= p1 -> Forall (fun e => fst e <= p2) rest ->
  variance ((p1, v1) :: rest) <= p1 * (1 - p1 + p2) * energy ((p1, v1) :: rest).
Proof.
  intros [W S] P B.
  inversion W as [| ? ? H1 Wr]; subst; simpl in H1.
  assert (Forall (fun e => 0 <= fst e <= p2) rest) as R2.
  { apply Forall_forall. intros e I. rewrite Forall_forall in Wr, B.
    split; [apply Wr | apply B]; assumption. }
  pose proof (mass_nonneg rest Wr) as M. simpl in S.
  assert (mass rest = 1 - p1) as E by lra.
  pose proof (cauchy_schwarz rest Wr) as C. rewrite E in C.
  pose proof (slack_dominates p1 p2 rest P ltac:(lra) R2) as D.
  rewrite slack_is in D.
  unfold variance; simpl.
  set (g := p1 * (1 - p1 + p2)) in *.
  destruct (Req_dec p2 0) as [Z | N].
  - (* Then p_1 = 1 and the others vanish. *)
    assert (mass rest <= 0) as F.
    { clear - R2 Z. induction R2 as [| [p v] r Hp _ IH]; simpl in *; lra. }
    assert (p1 = 1) by lra.
    assert (moment rest = 0) as M0.
    { clear - R2 Z. induction R2 as [| [p v] r Hp _ IH]; simpl in *; [lra |].
      assert (p = 0) by lra. subst; lra. }
    unfold g in *. subst. rewrite M0 in *. pose proof (energy_nonneg rest). nra.
  - (* p_2 times the claim: p_1 (p_2 v_1 + w)^2 >= 0, w the mean of the others. *)
    assert (0 < p2) by lra.
    assert ((p1 - p2) * mean rest ^ 2 <= p2 * (g * energy rest - moment rest)) as Q
      by nra.
    assert (0 <= p1 * (p2 * v1 + mean rest) ^ 2) as T
      by (pose proof (pow2_ge_0 (p2 * v1 + mean rest)); nra).
    assert (0 <= p2 * (g * (v1 ^ 2 + energy rest)
                       - (p1 * v1 ^ 2 + moment rest - (p1 * v1 + mean rest) ^ 2))).
    { unfold g in *. nra. }
    nra.
Qed.

(* The constants are attained, by two equal weights and by one heavy token. *)
Theorem half_attained :
  let l := [(1 / 2, 1); (1 / 2, -1)] in law l /\ variance l = energy l / 2.
Proof.
  split; [| unfold variance; simpl; lra].
  split; [repeat (apply Forall_cons; [simpl; lra |]); apply Forall_nil | simpl; lra].
Qed.

Theorem top_two_attained p :
  1 / 2 <= p <= 1 ->
  let l := [(p, 1); (1 - p, -1)] in
  law l /\ variance l = p * (1 - p + (1 - p)) * energy l.
Proof.
  intros P. split; [| unfold variance; simpl; lra].
  split; [repeat (apply Forall_cons; [simpl; lra |]); apply Forall_nil | simpl; lra].
Qed.

Print Assumptions half.
Print Assumptions top_two.
