// Written by scripts/api-types.mjs from the OpenAPI document of a node. Not edited by hand.

/** The receiving member accepts an order that its rules hold. */
export type AcceptOrder = {
  /** UUID of the order. */
  order: string;
};

/** One account in a statement: `opening + sum of entries = closing`. */
export type AccountStatementView = {
  /** `position` (in the unit of account) or `account` (of a participant or the member itself, in a currency). */
  account: string;
  /** Balance after the last entry. */
  closing: AmountView;
  /** Bookings, in order. */
  entries: (EntryView)[];
  /** Balance before the first entry. */
  opening: AmountView;
  /** The participant; 0 for the member itself. */
  participant: number;
};

/** What a member itself, or a participant of it, has paid and been paid in a currency, and its caps there. */
export type AccountView = {
  /** What it owns (positive) or owes (negative), since the union was founded. */
  balance: AmountView;
  credit_cap?: AmountView | null;
  debit_cap?: AmountView | null;
};

/** An amount of a currency. */
export type AmountView = {
  /** Major units, with all the currency's decimals: `"12.34"`; negative for what is owed. */
  amount: string;
  /** ISO 4217 code. */
  currency: string;
  /** The same in minor units: `"1234"`. */
  minor: string;
};

/** Something that waits for a second person. */
export type ApprovalView = {
  /** Customer detail of an order, as it was sealed. */
  detail?: Record<string, unknown> | null;
  /** Its identifier; for an order, the order's own. */
  id: string;
  /** Code of the member that it would be signed for. */
  member: string;
  order?: OrderView | null;
  /** When. */
  prepared_at: string;
  /** Name of the operator who prepared it, and who therefore cannot approve it. */
  prepared_by: string;
  proposal?: ProposalView | null;
  /** The text of the charter that a proposal comes with. */
  text?: string | null;
  /** The last day on the union's clock on which it can be approved. */
  until: string;
  /** The order (`"command": "pay"`) or command. */
  what: Record<string, unknown>;
  /** Why, as that operator said. */
  why?: string | null;
};

/** What waits at a member. */
export type ApprovalsView = {
  /** The oldest first. */
  approvals: (ApprovalView)[];
};

/** A currency of a basket. */
export type BasketCurrencyView = {
  /** How much of it is in a unit, with twelve decimals. */
  amount: string;
  /** ISO 4217 code. */
  currency: string;
  next_rates?: RatesView | null;
  rates?: RatesView | null;
  /** Its share on the base day, in percent. */
  weight_percent: string;
};

/** A unit of account that is a basket of currencies. */
export type BasketView = {
  /** What is in it. */
  currencies: (BasketCurrencyView)[];
  /** ISO 4217 code of the currency that rates are published in. */
  reference: string;
  /** What a unit is worth in it by the rates in force, with twelve decimals; null while one is not published. */
  value?: string | null;
};

/** A signed batch in a block. */
export type BatchView = {
  /** Number of commands. */
  commands: number;
  /** Bytes of sealed customer detail. */
  details_bytes: number;
  /** SHA-256 of its content, hexadecimal. */
  digest: string;
  /** The Ed25519 key that signed, hexadecimal. */
  key: string;
  /** The member that signed, by code. */
  member: string;
  /** Its sequence. */
  sequence: number;
};

/** A member's line with another, in the unit of account. */
export type BilateralView = {
  /** The other member, by code. */
  counterparty: string;
  credit_limit?: AmountView | null;
  debit_limit?: AmountView | null;
  /** `received - paid`: positive for what the other owes, net. */
  net: AmountView;
  /** Paid to it in the open cycle. */
  paid: AmountView;
  /** Received from it in the open cycle. */
  received: AmountView;
};

/** A final block. */
export type BlockView = {
  /** The batches, in order. */
  batches: (BatchView)[];
  /**
   * The certificate of the members' nodes that made it final, hexadecimal; null where one node orders alone, and where that of a later
   * block made it final.
   */
  certificate?: string | null;
  /** Its hash, hexadecimal. */
  hash: string;
  /** Its height. */
  height: number;
  /** Hash of the block before, hexadecimal. */
  parent: string;
  /** State hash after it, hexadecimal. */
  state_after: string;
  /** The state hash that it names, hexadecimal. */
  state_named: string;
  /** The block after which that was the state hash: the one before it, or an earlier one. */
  state_named_height: number;
  /** Its time. */
  time: string;
};

/** The sending member takes back an order that is held or queued. */
export type CancelOrder = {
  /** UUID of the order. */
  order: string;
  /** ISO 20022 reason code; CUST if none is given. */
  reason?: string | null;
};

/** A member votes on a proposal, or votes anew. */
export type CastVote = {
  /** `agree`, `oppose` or `abstain`. */
  ballot: string;
  /** Number of the proposal. */
  proposal: number;
};

/** A challenge to be signed once, within two minutes. */
export type Challenge = {
  /** Until when it can be answered. */
  expires_at: string;
  /** The nonce, hexadecimal. */
  nonce: string;
  /** Hash of the union, hexadecimal. */
  union: string;
};

/** Who asks for a challenge. */
export type ChallengeRequest = {
  /** The operator's name. */
  operator: string;
};

/** Rules that are to be simulated. */
export type CharterChoice = {
  /** Name of a preset; with a text, what the text is called. */
  name: string;
  /** Text of a charter, whose members are replaced. */
  text?: string | null;
};

/** A text of the charter. */
export type CharterView = {
  /** Its length in bytes. */
  bytes: number;
  /** Height of the first block under it; 0 for the foundation. */
  from_height: number;
  /** Its hash, hexadecimal. */
  hash: string;
  /** 1 for the one that the union was founded on. */
  number: number;
  /** The proposal that brought it, whose text it is; null for the foundation. */
  proposal?: number | null;
  /** The member that proposed it, by code. */
  proposer?: string | null;
};

/** A member agrees that the open cycle closes before its time. */
export type CloseCycle = {
  /** The open cycle's number. */
  cycle: number;
};

/** A command as it is written; `command` names it. Amounts are major units as decimal text. */
export type CommandText = AcceptOrder & {
  command: "accept";
} | RefuseOrder & {
  command: "refuse";
} | CancelOrder & {
  command: "cancel";
} | ReprioritiseOrder & {
  command: "reprioritise";
} | HoldOrder & {
  command: "hold";
} | ReleaseOrder & {
  command: "release";
} | RequestReturn & {
  command: "request_return";
} | RefuseReturn & {
  command: "refuse_return";
} | RegisterParticipant & {
  command: "register_participant";
} | SetParticipantCaps & {
  command: "set_participant_caps";
} | SetCaps & {
  command: "set_caps";
} | SetReservations & {
  command: "set_reservations";
} | SetBilateralLimits & {
  command: "set_bilateral_limits";
} | SetRule & {
  command: "set_rule";
} | PublishRates & {
  command: "publish_rates";
} | CloseCycle & {
  command: "close_cycle";
} | ConfirmLeg & {
  command: "confirm_leg";
} | PayClaim & {
  command: "pay_claim";
} | Propose & {
  command: "propose";
} | ProposalText & {
  command: "proposal_text";
} | CastVote & {
  command: "vote";
} | WithdrawProposal & {
  command: "withdraw_proposal";
} | ReplaceKey & {
  command: "replace_key";
} | GiveNotice & {
  command: "give_notice";
};

/** The creditor of a settlement leg confirms that it was paid. */
export type ConfirmLeg = {
  /** Number of the closed cycle. */
  cycle: number;
  /** Number of the leg in the cycle, from 0. */
  leg: number;
};

/** What members paid each other in a cycle, before netting. */
export type CycleFlowsView = {
  /** The largest first. They sum to the cycle's `gross`. */
  flows: (FlowView)[];
  /** The cycle. */
  number: number;
  /** `open`, `closed` or `settled`. */
  status: string;
};

/** A clearing cycle. Amounts in the unit of account; while it is open, as they are so far. */
export type CycleView = {
  /** Members that agreed to close it early, by code. */
  agreed: (string)[];
  /** What would be paid after netting between each two. */
  bilateral_net: AmountView;
  /** When it is to close; once it is closed, when it did. */
  closes_at: string;
  /** First day of its period. */
  first_day: string;
  /** Sum of all that settled between members. */
  gross: AmountView;
  /** Number of its legs. */
  legs: number;
  /** Legs that are not confirmed yet. */
  legs_open: number;
  /** What is paid after netting among all. */
  multilateral_net: AmountView;
  /** 1 for the first. */
  number: number;
  /** When it opened. */
  opened_at: string;
  /** Orders and returns that settled in it. */
  settled_orders: number;
  /** `open`, `closed` (legs wait for confirmation) or `settled`. */
  status: string;
};

/** A cycle with its legs. */
export type CycleWithLegs = CycleView & {
  /** What members are to pay each other to settle it. */
  settlement_legs: (LegView)[];
};

/** All cycles. */
export type CyclesView = {
  /** The last one is open. */
  cycles: (CycleView)[];
};

/** What a member has paid and was paid on a day, by currency. */
export type DayFlowView = {
  /** The day on the union's clock. */
  day: string;
  /** Orders of the member that settled on it, returns among them. */
  paid: (SettledView)[];
  /** The same of orders to it. */
  received: (SettledView)[];
};

/** A booking. */
export type EntryView = AmountView & {
  /** Balance after it. */
  balance: AmountView;
  /** The other member, by code; `UNION` for the exchange and rounding accounts. */
  counterparty: string;
  /** Its participant. */
  counterparty_participant: number;
  /** The block. */
  height: number;
  /** Kind of transfer: `settlement`, `return`, `exchange_difference`, `rounding` or `cycle_settlement`. */
  kind: string;
  /** For the settlement of a cycle, the leg: `cycle/number`. */
  leg?: string | null;
  /** UUID of the order; null for the settlement of a cycle. */
  order?: string | null;
  ordered?: AmountView | null;
  /** ISO 20022 purpose code. */
  purpose?: string | null;
  /** The sender's reference. */
  reference?: string | null;
  /** Its time. */
  time: string;
};

/** Something that happened in a final block. */
export type EventView = {
  /** The open cycle. */
  cycle: number;
  /** The member that pays, by code. */
  debtor: string;
  event: "order";
  /** Members that hold it, by code, where it is held. */
  held_by?: (string)[];
  /** UUID. */
  id: string;
  /** The order as it was sent, but for customer detail and a priority that was changed since. */
  order: OrderLine;
  /** ISO 20022 code: why, unless it settled. */
  reason?: string | null;
  /** Slot of the receiving member's acceptance rule that matched. */
  rule?: number | null;
  /** The new status. */
  status: string;
  unit_credit?: AmountView | null;
  unit_debit?: AmountView | null;
} | TransferView & {
  event: "transfer";
} | {
  /** UUID of the return. */
  by: string;
  event: "returned";
  /** UUID of the payment. */
  original: string;
} | RequestView & {
  /** The member that was paid, and answers. */
  creditor: string;
  /** The member that paid, and asks, by code. */
  debtor: string;
  /** UUID of the order. */
  id: string;
} & {
  event: "return_request";
} | QueueRunView & {
  event: "queue_run";
} | CycleView & {
  event: "cycle_closed";
} | LegView & {
  event: "leg_called";
} | LegView & {
  event: "leg_confirmed";
} | {
  /** The cycle. */
  cycle: number;
  event: "cycle_settled";
} | CycleView & {
  event: "cycle_opened";
} | {
  event: "settings_changed";
  /** The member, by code. */
  member: string;
} | {
  event: "standing_changed";
  /** The member, by code. */
  member: string;
  /** `active`, `suspended`, `leaving`, `expelled` or `left`. */
  standing: string;
} | {
  event: "key_replaced";
  /** The first height at which it counts. */
  from_height: number;
  /** The new public key, hexadecimal. */
  key: string;
  /** `signing`, `sealing`, `node` or `standby`. */
  kind: string;
  /** The member, by code. */
  member: string;
} | ProposalView & {
  event: "proposal";
} | LegView & {
  event: "leg_deferred";
} | LegView & {
  event: "instalment_confirmed";
} | LegView & {
  event: "leg_closed_out";
} | {
  event: "defaulted";
  /** What of that the union's own accounts bore; the rest is shared among the other members. */
  from_reserves: AmountView;
  /** The member, by code. */
  member: string;
  /** What it owed the union. */
  owed: AmountView;
} | {
  event: "claim_paid";
  /** What is left of the claim. */
  left: AmountView;
  /** The member, by code. */
  member: string;
  /** What it paid. */
  paid: AmountView;
} | {
  /** `agree`, `oppose` or `abstain`. */
  ballot: string;
  event: "voted";
  /** The member, by code. */
  member: string;
  /** Number of the proposal. */
  proposal: number;
};

/** The most that a member owed. */
export type ExposureView = {
  /** What it owed, in minor units. */
  amount: number;
  /** When; null where nobody ever owed anything. */
  day?: string | null;
  /** Code of the member; empty where nobody ever owed anything. */
  member: string;
};

/**
 * Proof that an order came to its status, and what it proves. It can be checked with the charter alone, offline and whatever
 * happens later: `comity verify --receipt FILE --charter FILE`.
 */
export type FinalityView = {
  /** What the receipt proves. */
  proves: ProvedView;
  /** The receipt, hexadecimal. */
  receipt: string;
};

/** What one member paid another in a cycle. */
export type FlowView = {
  /** The member that was paid, by code. */
  creditor: string;
  /** The member that paid, by code. */
  debtor: string;
  /** All that settled from the one to the other, in the unit of account: more than nought. */
  paid: AmountView;
};

/** Orders of one currency that would settle. */
export type ForecastCurrencyView = AmountView & {
  /** How many. */
  orders: number;
};

/** A member gives notice: it leaves. */
export type GiveNotice = Record<string, unknown>;

/** An event, and when it happened. */
export type HappenedView = EventView & {
  /** The block. */
  height: number;
  /** Its time. */
  time: string;
};

/** The state of a node. */
export type HealthView = {
  /** Height up to which blocks are durable. */
  height: number;
  /** `ok`. */
  status: string;
};

/** Texts of the charter. */
export type HistoryView = {
  /** The oldest first; the last one is in force. */
  charters: (CharterView)[];
};

/** The sending member holds an open order back: it does not settle before it is released. */
export type HoldOrder = {
  /** UUID of the order. */
  order: string;
};

/** A key that takes the place of another at a height that is known. */
export type KeyToComeView = {
  /** The first height at which it counts. */
  from_height: number;
  /** The public key, hexadecimal; null for none. */
  key?: string | null;
  /** `signing`, `node` or `standby`; a sealing key takes its place at once. */
  kind: string;
};

/** A settlement leg: what one member is to pay another outside the union. */
export type LegView = AmountView & {
  /** When its creditor confirmed it; null while it is open. */
  confirmed_at?: string | null;
  /** The member that is paid, and that confirms, by code. */
  creditor: string;
  /** The cycle. */
  cycle: number;
  /** The member that pays, by code. */
  debtor: string;
  /** What it discharges, in the unit of account. */
  discharges: AmountView;
  /** The day by which it, or its next instalment, is due; null where the charter has no deadline, and once it is not open. */
  due_on?: string | null;
  /** In so many instalments it is paid; 0 for at once. */
  instalments: number;
  /** So many of them are paid. */
  instalments_paid: number;
  /** What is to be paid next, in the settlement asset: all of it, or the next instalment. Nought once it is not open. */
  next: AmountView;
  /** Its number in the cycle, from 0. */
  number: number;
  /** `open`, `confirmed`, or `closed_out`: the rest of it is not called for any more, since a side of it defaulted. */
  status: string;
};

/** Caps and reservations of a position, in the unit of account. No cap is null. */
export type LimitsView = {
  charter_credit_cap?: AmountView | null;
  charter_debit_cap?: AmountView | null;
  credit_cap?: AmountView | null;
  debit_cap?: AmountView | null;
  /** The part that is kept for urgent and high orders, beyond that. */
  reserved_high: AmountView;
  /** The part of the debit cap that is kept for urgent orders. */
  reserved_urgent: AmountView;
};

/** The answer to a challenge. */
export type LoginRequest = {
  /** The nonce of the challenge, hexadecimal. */
  nonce: string;
  /** The operator's name. */
  operator: string;
  /**
   * Ed25519 signature over `"comity operator login v1" 00`, the union's hash, the nonce and the operator's name,
   * hexadecimal.
   */
  signature: string;
};

/** A member in short. */
export type MemberSummary = {
  /** Its code. */
  code: string;
  /** ISO 4217 code of its own currency. */
  currency: string;
  /** Keys that are to come, or to go. */
  keys_to_come: (KeyToComeView)[];
  /** Its full name. */
  name: string;
  /** Ed25519 key of its node in this epoch, which votes on blocks; null for none. */
  node_key?: string | null;
  /** Its number. */
  number: number;
  /** X25519 key that customer detail is encrypted to, hexadecimal. */
  sealing_key: string;
  /** Ed25519 key that its batches are signed with in this epoch, hexadecimal; null once it has left. */
  signing_key?: string | null;
  /** Height since which it stands so; 0 from the foundation on. */
  since_height: number;
  /** That of the node which stands by: it follows without a vote. */
  standby_key?: string | null;
  /** `active`, `suspended`, `leaving`, `expelled` or `left`. */
  standing: string;
};

/** A member with its limits, rules and rates. */
export type MemberView = MemberSummary & {
  /**
   * Its own accounts, which payments without a participant go through: one for each currency in which it has paid, was
   * paid, or has a cap.
   */
  accounts: (AccountView)[];
  /** Caps and reservations of its position. */
  limits: LimitsView;
  next_rates?: RatesView | null;
  /**
   * The sequence that its next batch must have, as far as this node knows: one more than that of the last batch in a block, or of
   * those that wait here to be put into one.
   */
  next_sequence: number;
  /** How many participants it has registered. */
  participants: number;
  rates?: RatesView | null;
  /** Its acceptance rules, in the order in which they are asked. */
  rules: (SetRule)[];
};

/** An ISO 20022 message. */
export type MessageView = {
  /** The block that it tells of. */
  height: number;
  /** Its identifier (`BizMsgIdr`), which also names its file in a watched folder. */
  id: string;
  /** Which message it is: `pacs.002`, `camt.054`, `camt.056` or `camt.029`. */
  kind: string;
  /** The message, XML. */
  text: string;
  /** Time of that block. */
  time: string;
};

/** How a node stands among the members' nodes. */
export type NetworkView = {
  /** Final blocks that it has still to apply. */
  behind: number;
  /** So many this one is connected with, itself included. */
  connected: number;
  /** Nodes that there are, this one included. */
  nodes: number;
  /** So many of them agree on a block. */
  quorum: number;
};

/** The next run. */
export type NextRunView = {
  next_run?: QueueForecastView | null;
};

/** Why a node takes no batches. */
export type NotReady = "failed" | "stopping" | "no_quorum" | "behind";

/** That a node takes no batches, and why: in words, as a code for programs, and how it stands among the nodes. */
export type NotReadyView = Problem & {
  code: NotReady;
  /** Code of the member whose node this is; null where one node orders alone. */
  member?: string | null;
  network?: NetworkView | null;
};

/** Somebody who may act for a member. */
export type OperatorView = {
  /** Whether a key signs the operator in. */
  has_key: boolean;
  /** The name, unique at the node. */
  name: string;
  /** How many passkeys do. */
  passkeys: number;
  /** What the operator may do. */
  role: Role;
};

/** Who may act for a member at this node, and what needs two of them. */
export type OperatorsView = {
  /** Orders of this and more need a second person, as do settings, confirmations of legs, proposals, votes and keys. */
  four_eyes_from: AmountView;
  /** By name. */
  operators: (OperatorView)[];
};

/** What happened to an order. */
export type OrderEventsView = {
  /** In the order in which it happened; the first 500. */
  events: (HappenedView)[];
  /** Whether there are more. */
  more: boolean;
  /** UUID of the order. */
  order: string;
};

/**
 * A payment order as it is written: a line of JSON, or a line of CSV with the same names as columns (those of
 * `detail` with `detail_` in front). The sender of the line is the debtor.
 */
export type OrderLine = {
  /** Major units as decimal text, with at most the currency's decimals: `"12.34"`. */
  amount: string;
  /** The member that is paid, by code. */
  creditor: string;
  /** The creditor's participant by number; 0 for the member itself. */
  creditor_participant?: number;
  /** ISO 4217 code. */
  currency: string;
  /** Whether it is a customer payment, for which the earlier cut-off holds. */
  customer?: boolean;
  /** The debtor's participant by number; 0 for the member itself. */
  debtor_participant?: number;
  /**
   * Customer detail, encrypted to the two members concerned before it leaves the sender: `debtor_name`,
   * `debtor_account`, `creditor_name`, `creditor_account`, `remittance` (a list of lines, in CSV a single one),
   * `end_to_end_id`, `instruction_id`, `message_id`.
   */
  detail?: Record<string, unknown> | null;
  /** RFC 3339 time, whole seconds, after which it no longer settles; without it, what the charter says. */
  expires_at?: string | null;
  /** The order's UUID (its UETR where there is one); without it, one is derived for it. */
  id?: string | null;
  /** Whether it is to be refused at once if it cannot settle at once. */
  immediate?: boolean;
  /** `urgent`, `high` or `normal`, which is the default. */
  priority?: string | null;
  /** ISO 20022 external purpose code. */
  purpose?: string | null;
  /** For a return: why, an ISO 20022 return reason code. */
  reason?: string | null;
  /** The sender's own reference, at most 16 printable ASCII characters. Everybody sees it. */
  reference?: string | null;
  /**
   * For a return: the UUID of the settled payment that is given back. Amount, currency and sides are then those of
   * that payment, the other way round.
   */
  return?: string | null;
  /** The day on which it is to settle, `YYYY-MM-DD` on the union's clock. */
  value_date: string;
};

/** The ISO 20022 messages that told a member of an order. */
export type OrderMessagesView = {
  /** The member, by code. */
  member: string;
  /** In the order of what happened; the first 100. */
  messages: (MessageView)[];
  /** Whether there are more. */
  more: boolean;
  /** UUID of the order. */
  order: string;
};

/** An order. A list holds what the union keeps of it; asked for by itself, it is complete. */
export type OrderView = AmountView & {
  /** The member that is paid, by code. */
  creditor: string;
  /** Its participant; 0 for the member itself. */
  creditor_participant: number;
  /** Whether it is a customer payment. */
  customer?: boolean | null;
  /** The cycle in which it ended. */
  cycle?: number | null;
  /** The member that pays, by code. */
  debtor: string;
  /** Its participant; 0 for the member itself. */
  debtor_participant: number;
  /** Customer detail, for a session of one of the two members concerned only. */
  detail?: Record<string, unknown> | null;
  /** Hash of the sealed customer detail, hexadecimal. */
  detail_hash?: string | null;
  /** The block in which it ended. */
  ended_at_height?: number | null;
  /** When it expires, while it is open. */
  expires_at?: string | null;
  /** Members that hold it, by code: the sending one, until it releases it; the receiving one, until it accepts or refuses it. */
  held_by?: (string)[];
  /** UUID. */
  id: string;
  /** Whether it was to be refused if it could not settle at once. */
  immediate?: boolean | null;
  /** `payment` or `return`. */
  kind?: string | null;
  /** What the code means, where this software gives it. */
  meaning?: string | null;
  /** For a return: UUID of the payment that it gives back. */
  original?: string | null;
  /** Where its record is in the journal. */
  place: PlaceView;
  /** `urgent`, `high` or `normal`. */
  priority?: string | null;
  /** ISO 20022 purpose code. */
  purpose?: string | null;
  /** ISO 20022 code: why it waits, or why it ended, unless it settled. */
  reason?: string | null;
  /** The sender's reference. */
  reference?: string | null;
  /** For a return: why. */
  return_reason?: string | null;
  return_request?: RequestView | null;
  /** Slot of the receiving member's acceptance rule that matched. */
  rule?: number | null;
  /** `held`, `queued`, `settled`, `refused`, `cancelled`, `expired` or `returned`. */
  status: string;
  /** The day on which it is to settle. */
  value_date: string;
};

/** A page of orders. */
export type OrdersView = {
  /** Cursor of the next page; null after the last. */
  next?: string | null;
  /** The orders. A page may be short, or even empty, and still not the last. */
  orders: (OrderView)[];
};

/** What became of one command. */
export type OutcomeView = {
  /** Whether this very order had been taken before, and nothing was done again. */
  already_done: boolean;
  /** Where a second person has to agree: the approval's identifier. */
  approval?: string | null;
  /** The field at fault, if rejected. */
  field?: string | null;
  /** UUID of the order, for commands that are or concern one. */
  id?: string | null;
  /** Place of the command in its batch, or of the order in its file (line) where it came from one. */
  line: number;
  /**
   * `done`; for an order its status: `held`, `queued`, `settled`, `refused`, `cancelled`; `awaiting_approval` where a
   * second person has to agree first; `rejected` where nothing was changed; `busy` where the node did not take it, so that
   * it can be sent again; `unknown` where the order has to be asked for.
   */
  outcome: string;
  /** Number of the proposal, for one that was made here and for commands that concern one. */
  proposal?: number | null;
  /** ISO 20022 reason code, where there is a reason. */
  reason?: string | null;
  /** The reason in words. */
  text?: string | null;
};

/** What a node and its member have to expect. */
export type OutlookView = {
  /** What somebody has to do something about, in words. */
  alerts: (string)[];
  /** The epoch of the last block. */
  epoch: number;
  /** Height of its last block. */
  epoch_ends: number;
  /** Numbers of the open proposals on which a member of this node has still to vote. */
  proposals_to_vote_on: (number)[];
  /** The version of the rules in force. */
  protocol: number;
  /** The latest version of the rules that this software knows. */
  protocol_known: number;
  /** A later version than that, if the members have agreed on one. */
  protocol_unknown?: number | null;
  /** Height from which on it is needed, once that is stated. */
  protocol_unknown_from?: number | null;
  /** Whether this node votes on the blocks of this epoch; null where one node orders alone. */
  votes?: boolean | null;
  /** Whether it votes on those of the next one. */
  votes_next?: boolean | null;
};

/** An institution that a member sponsors. */
export type ParticipantView = {
  /** Its accounts: one for each currency in which it has paid, was paid, or has a cap. */
  accounts: (AccountView)[];
  /** BIC or LEI. */
  identifier: string;
  /** The member, by code. */
  member: string;
  /** Name. */
  name: string;
  /** Its number at the member. */
  number: number;
};

/** Participants of a member. */
export type ParticipantsView = {
  /** Cursor of the next page; null after the last. */
  next?: number | null;
  participants: (ParticipantView)[];
};

/** A challenge for a passkey, to be signed once, within two minutes. */
export type PasskeyChallenge = {
  /** The challenge, base64url without padding. */
  challenge: string;
  /** Until when it can be answered. */
  expires_at: string;
  /** The relying party's identifier that passkeys of this node are made for. */
  relying_party: string;
};

/** A passkey's answer to a challenge: an assertion of Web Authentication, each part in base64url without padding. */
export type PasskeyLoginRequest = {
  /** What the authenticator says (`authenticatorData`). */
  authenticator_data: string;
  /** What the browser says was asked for (`clientDataJSON`). */
  client_data: string;
  /** The credential's identifier (`rawId`). */
  credential: string;
  /** The authenticator's signature. */
  signature: string;
  /** Whose passkey it is (`userHandle`): SHA-256 of `"comity operator v1" 00` and the operator's name. */
  user_handle: string;
};

/** A member that defaulted pays off a part of the claim on it, out of its position. */
export type PayClaim = {
  /** In the unit of account; at most the claim. */
  amount: string;
};

/** What became of orders, each by itself. */
export type PaymentsView = {
  /** An outcome for each order, by line. */
  orders: (OutcomeView)[];
};

/** A place in the journal. */
export type PlaceView = {
  /** The batch in the block. */
  batch: number;
  /** The block. */
  height: number;
  /** The record in the batch. */
  record: number;
};

/** A member's position, in the unit of account. */
export type PositionView = {
  /** What it owns (positive) or owes (negative). */
  balance: AmountView;
  /** Its lines with other members in the open cycle, where anything settled or a limit is set. */
  bilateral: (BilateralView)[];
  can_pay?: AmountView | null;
  can_receive?: AmountView | null;
  /** What it defaulted on and has not paid off. */
  claim: AmountView;
  credit_cap?: AmountView | null;
  /** What it would own or owe had nothing ever been settled: what the tranche schedule is of. */
  cumulative: AmountView;
  debit_cap?: AmountView | null;
  /** Charges, interest and shares in losses that its caps had no room for yet: negative for what it is still to pay. */
  dues: AmountView;
  /** The member, by code. */
  member: string;
  /** The part of the balance that no closed cycle has called for. */
  open_balance: AmountView;
  quota?: AmountView | null;
  /** What legs of closed cycles call on it to pay. */
  to_pay: AmountView;
  /** What such legs are to bring it. */
  to_receive: AmountView;
};

/** Positions of members. */
export type PositionsView = {
  /** By member. */
  positions: (PositionView)[];
  /** The union's own accounts, for rate differences and roundings: with them, the balances of all members sum to zero. */
  union_accounts: UnionAccountsView;
};

/** Rules of a real union or of a plan. */
export type PresetView = {
  /** What it is, in English. */
  about: string;
  /** What it is called. */
  name: string;
};

/** The presets that this software has. */
export type PresetsView = {
  /** In the order of `comity simulate --presets`. */
  presets: (PresetView)[];
};

/** What went wrong with a request, where, and what to do. */
export type Problem = {
  /** What went wrong this time, and what to do. */
  detail: string;
  /** The field at fault. */
  field?: string | null;
  /** UUID of the order at fault. */
  order?: string | null;
  /** ISO 20022 reason code. */
  reason?: string | null;
  /** HTTP status code. */
  status: number;
  /** The kind in words. */
  title: string;
  /** Names the kind of problem, for programs: `urn:comity:problem:busy`. */
  type: string;
};

/** A part of the charter's text that a proposal comes with; the part itself is beside the record. */
export type ProposalText = {
  /** Where in the text the part begins. */
  at_byte: number;
  /** Number of the proposal. */
  proposal: number;
};

/** A proposal. */
export type ProposalView = {
  /** Those that abstain. */
  abstained: (string)[];
  /** Those in favour, by code. */
  agreed: (string)[];
  /** Hash of the text that this one is to follow, hexadecimal. */
  base?: string | null;
  /** Votes count up to this time. */
  deadline: string;
  /** Members that may vote, as they stand now. */
  electorate: number;
  /** Not in force before this day. */
  from_day?: string | null;
  /** Height of the first block under it, once it is stated. */
  in_force_height?: number | null;
  /** `amend`, `admit`, `suspend`, `readmit`, `expel` or `upgrade`. */
  kind: string;
  /** When it was made. */
  made_at: string;
  /** What the decision needs: `majority`, `two-thirds` or `unanimity` of those who may vote. */
  majority: string;
  /** So many of them must be in favour. */
  needed: number;
  /** For an admission whose text has come: the member that would come, by code. */
  newcomer?: string | null;
  /** Those that may vote and have not. */
  not_voted: (string)[];
  /** 1 for the first one. */
  number: number;
  /** Those against. */
  opposed: (string)[];
  /** The member that made it, by code. */
  proposer: string;
  /** The version of the rules, for an upgrade. */
  protocol?: number | null;
  /** So many in percent of those who may vote must do so. */
  quorum_percent: number;
  /** `draft`, `open`, `carried`, `rejected`, `withdrawn`, `in force` or `lapsed`. */
  status: string;
  /** The member that it is about, by code. */
  subject?: string | null;
  /** Length of the charter's text that it comes with, in bytes. */
  text_bytes?: number | null;
  /** Hash of the text, hexadecimal. */
  text_hash?: string | null;
  /** How much of it has come; null where it was not carried, and the text is forgotten. */
  text_received?: number | null;
};

/** Proposals. */
export type ProposalsView = {
  /** Cursor of the next page; null after the last. */
  next?: number | null;
  /** The newest first. */
  proposals: (ProposalView)[];
};

/** A member proposes something to the others; a text of the charter follows in parts. */
export type Propose = {
  /** Signature of the member to be admitted, hexadecimal. */
  accession?: string | null;
  /** Votes count up to this time, RFC 3339 in UTC: `2026-03-31T12:00:00Z`. */
  deadline: string;
  /** Not in force before this day, `YYYY-MM-DD`; without it as soon as it is carried. */
  from_day?: string | null;
  /** `amend`, `admit`, `suspend`, `readmit`, `expel` or `upgrade`. */
  kind: string;
  /** The version of the rules, for an upgrade. */
  protocol?: number | null;
  /** The member that it is about, by code. */
  subject?: string | null;
  /** Length of the charter's text in bytes. */
  text_bytes?: number | null;
  /** Its hash, hexadecimal. */
  text_hash?: string | null;
};

/** What is proposed. */
export type ProposeRequest = {
  /** Signature of the member to be admitted over this text, hexadecimal: `comity accede` makes it. */
  accession?: string | null;
  /** Votes count up to this time, RFC 3339 in UTC: `2026-03-31T12:00:00Z`. */
  deadline: string;
  /** Not in force before this day, `YYYY-MM-DD`; without it as soon as it is carried. */
  from_day?: string | null;
  /** `amend`, `admit`, `suspend`, `readmit`, `expel` or `upgrade`. */
  kind: string;
  /** The version of the rules, for an upgrade. */
  protocol?: number | null;
  /** The member that it is about, by code, where it is to be suspended, readmitted or expelled. */
  subject?: string | null;
  /** The whole new text of the charter, where it is to be amended or a member admitted. */
  text?: string | null;
};

/** What a receipt of finality proves. */
export type ProvedView = {
  /** Hash of that block's header, which a quorum of the members' nodes has signed; hexadecimal. */
  certified_block: string;
  /** The block whose certificate makes it final. */
  certified_height: number;
  /** SHA-256 of the charter, hexadecimal: the union's identity. */
  charter_hash: string;
  /** The block in which the order came to its status. */
  height: number;
  /** The order, and the status that it came to. */
  order: EventView;
  /** Time of that block. */
  time: string;
};

/**
 * A member publishes the two rates of a currency, in units of account per unit of the currency (in units of the reference currency where
 * the unit of account is a basket), as a decimal number (`0.04615`) or a fraction (`923/20000`).
 */
export type PublishRates = {
  /** What a creditor gets. */
  buying: string;
  /** ISO 4217 code; without it the member's own. Others are for the member that the charter names as publisher. */
  currency?: string | null;
  /** First day on which they apply, `YYYY-MM-DD`; today or later. */
  from_day: string;
  /** What a debtor gives; not less. */
  selling: string;
};

/** How long orders waited. */
export type QueueDelayView = {
  /** Orders that waited and settled. */
  delayed_orders: number;
  /** How long the longest did. */
  longest_seconds: number;
  /** How long they did on average. */
  mean_seconds: number;
  /** Orders that did not settle. */
  never_settled: number;
  /** Their value, in minor units. */
  never_settled_value: number;
};

/** The next run as things stand. Amounts in the unit of account, but for those by currency. */
export type QueueForecastView = {
  /** The algorithm, as the charter names it. */
  algorithm: string;
  /** When the run comes at the latest; null where the charter names no time of day. */
  at?: string | null;
  /** No set of the orders considered could settle with more value. */
  bound: AmountView;
  /** Orders that it would consider. */
  considered: number;
  /** Their value. */
  considered_value: AmountView;
  /** The orders that would settle, by currency. */
  currencies: (ForecastCurrencyView)[];
  /** Bound less value. */
  gap: AmountView;
  /** The block after which things stood so. */
  height: number;
  /** Whether it comes before that if an order comes to wait or something changes for one. */
  on_events: boolean;
  /** Orders that would settle. */
  settled: number;
  /** Their value. */
  value: AmountView;
};

/** A run over the queue. Amounts in the unit of account: what orders take from their debtors. */
export type QueueRunView = {
  /** The algorithm, as the charter names it. */
  algorithm: string;
  /** No set of the orders that were considered could have settled with more value. */
  bound: AmountView;
  /** `set_time` for a time of day that the charter names, `event` for an order that came to wait or a change for one. */
  cause: string;
  /** Orders that were considered. */
  considered: number;
  /** Their value. */
  considered_value: AmountView;
  /** Bound less value: by how much a better set could have exceeded the one that settled, at most. */
  gap: AmountView;
  /** 1 for the first. */
  number: number;
  /** Whether the books did not allow what the algorithm chose, so that nothing settled: a fault of the software. */
  refused: boolean;
  /** Orders that settled. */
  settled: number;
  /** Elementary evaluations that all of it took. */
  steps: number;
  /** Whether no order could overtake an earlier one of the same member and priority. */
  strict_order: boolean;
  /** Time of its block. */
  time: string;
  /** What was tried; the best of it settled. */
  tried: (TriedView)[];
  /** Their value. */
  value: AmountView;
};

/** Runs over the queue. */
export type QueueRunsView = {
  /** The latest first. */
  queue_runs: (QueueRunView)[];
};

/** A member's queue. */
export type QueueView = {
  /** How many orders are in the queue. */
  length: number;
  /** The first of the orders, in the order in which they are tried. */
  orders: (OrderView)[];
};

/** Two published rates, units of account per unit of the currency, as exact fractions. */
export type RatesView = {
  /** What a creditor gets. */
  buying: string;
  /** First day on which they apply. */
  from_day: string;
  /** What a debtor gives. */
  selling: string;
};

/** That a node takes batches, and what it and its member have to expect. */
export type ReadyView = HealthView & OutlookView & {
  /** Code of the member whose node this is; null where one node orders alone. */
  member?: string | null;
  network?: NetworkView | null;
};

/** What a signed batch came to. It is durable and final. */
export type ReceiptView = {
  /** Its place in the block. */
  batch: number;
  /** Hash of the block, hexadecimal. */
  block: string;
  /** SHA-256 of the batch's content, hexadecimal. */
  digest: string;
  /** The block that holds the batch. */
  height: number;
  /** The member that signed, by code. */
  member: string;
  /** An outcome for each command, in order. */
  outcomes: (OutcomeView)[];
  /** The sequence of the batch. */
  sequence: number;
  /** State hash after the block, hexadecimal. */
  state: string;
  /** Time of the block. */
  time: string;
};

/** The receiving member refuses an order that its rules hold. */
export type RefuseOrder = {
  /** UUID of the order. */
  order: string;
  /** ISO 20022 reason code; AG01 if none is given. */
  reason?: string | null;
};

/** The member that was paid refuses to give an order back that it is asked for. */
export type RefuseReturn = {
  /** UUID of the order. */
  order: string;
  /** ISO 20022 reason code; CUST if none is given. */
  reason?: string | null;
};

/** A member names a participant that it sponsors, or names it anew. */
export type RegisterParticipant = {
  /** BIC or LEI, at most 20 printable ASCII characters. */
  identifier: string;
  /** At most 100 bytes of UTF-8. */
  name: string;
  /** Its number at the member, from 1. */
  participant: number;
};

/** The sending member lets an order go that it holds back. */
export type ReleaseOrder = {
  /** UUID of the order. */
  order: string;
};

/** A member replaces a key of its own. */
export type ReplaceKey = {
  /** The new public key, hexadecimal; all zero for no standby node. */
  key: string;
  /** `signing`, `sealing`, `node` or `standby`. */
  kind: string;
  /** Signature by the new key that it is to be this member's, hexadecimal; not for a sealing key, nor for none. */
  proof?: string | null;
};

/** The sending member gives an open order a priority, at the end of those that have it or at the front of them. */
export type ReprioritiseOrder = {
  /** Whether it is tried first of those of its priority; last if not given. */
  first?: boolean;
  /** UUID of the order. */
  order: string;
  /** `urgent`, `high` or `normal`; the one that it has, to move it among those. */
  priority: string;
};

/** The member that paid asks for a settled order back. */
export type RequestReturn = {
  /** UUID of the order. */
  order: string;
  /** ISO 20022 reason code; CUST if none is given. */
  reason?: string | null;
};

/** A request of the member that paid for the return of a settled order. */
export type RequestView = {
  /** ISO 20022 code: why it is asked for or, once it is refused, why that. */
  reason: string;
  /** `asked`, `refused` or `granted`. */
  status: string;
};

/** What an operator may do; each role may also do what those before it may. */
export type Role = "viewer" | "maker" | "checker";

/** A session that was begun. The token is shown once. */
export type SessionView = {
  /** When the session ends at the latest; it ends after 15 minutes without use as well. */
  expires_at: string;
  /** Code of the member that the operator acts for. */
  member: string;
  /** The operator's name. */
  operator: string;
  /** What the operator may do. */
  role: Role;
  /** To be sent as `Authorization: Bearer`; absent where a session is only looked at. */
  token?: string | null;
};

/** A member limits its bilateral net positions with another. */
export type SetBilateralLimits = {
  /** The other member, by code. */
  counterparty: string;
  /** What the other may owe it, likewise. */
  credit_limit: string;
  /** What the member may owe the other, net, in the unit of account; `none` for no limit. */
  debit_limit: string;
};

/** A member caps its own position, within what the charter allows it. */
export type SetCaps = {
  /** The most it may own, likewise. */
  credit_cap: string;
  /** The most it may owe, in the unit of account; `none` for what the charter says. */
  debit_cap: string;
};

/** A member caps an account of its participant in one currency. */
export type SetParticipantCaps = {
  /** The most it may own, likewise. */
  credit_cap: string;
  /** ISO 4217 code. */
  currency: string;
  /** The most it may owe, in the currency; `none` for no cap. */
  debit_cap: string;
  /** The participant; 0 for the member's own account. */
  participant: number;
};

/** A member reserves a part of its debit cap for orders of higher priority. */
export type SetReservations = {
  /** For urgent and high orders, beyond `urgent`. */
  high: string;
  /** For urgent orders, in the unit of account. */
  urgent: string;
};

/** A member sets one of its acceptance rules, or empties the slot. The first rule that matches decides. */
export type SetRule = {
  /** Only orders of more than this, in `currency`. */
  above?: string | null;
  /** `accept`, `hold` or `refuse`; `none` empties the slot. */
  action: string;
  /** Only orders to this participant of the member. */
  creditor_participant?: number | null;
  /** Only orders in this currency; without it any, and `above` counts in the unit of account. */
  currency?: string | null;
  /** Only orders of this member, by code. */
  debtor?: string | null;
  /** Only orders from this participant of the debtor. */
  debtor_participant?: number | null;
  /** Only orders with this purpose code. */
  purpose?: string | null;
  /** The reason given where the action is to refuse. */
  reason?: string | null;
  /** 0 to 15; lower slots are asked first. */
  slot: number;
};

/** Orders of one currency that settled. */
export type SettledView = AmountView & {
  /** How many. */
  orders: number;
};

/** What is to be simulated. */
export type SimulateRequest = {
  /** 1 to 16 sets of rules, for the same orders. */
  charters: (CharterChoice)[];
  /** Where members pay out of deposits: percent of a year's imports that each deposits at first, 0 to 1,000; 5 if not given. */
  deposit_percent?: number | null;
  /** Codes of the members, 2 to 100; without them all countries of the year. */
  members?: (string)[] | null;
  /** At least so many orders a year, 1 to 100,000; 10,000 if not given. */
  orders?: number | null;
  /** So many seeds from `seed` on, 1 to 200; 1 if not given. Orders of all of them together are 2,000,000 at most. */
  runs?: number | null;
  /** Of everything random; 1 if not given. */
  seed?: number | null;
  /**
   * What goes wrong, at most 32: `stops:CODE@YYYY-MM-DD` (pays no leg any more), `leaves:CODE@YYYY-MM-DD` (gives notice) or
   * `rate:CODE:PERCENT@YYYY-MM-DD` (a unit of account costs so much more of its currency).
   */
  shocks?: (string)[];
  /** Trade between countries as CSV with the columns `exporter,importer,year,usd_million`: importers owe exporters. */
  trade: string;
  /** 1 to 20 years, ascending, one after another; figures of the years before them are used for quotas only. */
  years: (number)[];
};

/** A cycle of a simulation. Amounts in minor units. */
export type SimulatedCycleView = {
  /** What is left after netting each pair. */
  bilateral_net: number;
  /** What its close called for in the asset. */
  called_in_asset: number;
  /** First day of its period. */
  first_day: string;
  /** Their sum. */
  gross: number;
  /** Day of its close. */
  last_day: string;
  /** What debtors owe beside that. */
  left_as_credit: number;
  /** What is left after netting all. */
  multilateral_net: number;
  /** From 1. */
  number: number;
  /** By member: what of it is not called for. */
  open_balances: (number)[];
  /** By member: cumulative position after the close. */
  positions: (number)[];
  /** Orders that settled in it. */
  settled_orders: number;
};

/** A member at the end of a simulation. Amounts in minor units. */
export type SimulatedMemberView = {
  /** What it paid in the asset. */
  asset_paid: number;
  /** What it was paid in the asset. */
  asset_received: number;
  /** Charges that it bore. */
  charges: number;
  /** Its code. */
  code: string;
  /** The same, had nothing been settled in the asset. */
  cumulative_position: number;
  /** What it defaulted on. */
  defaulted: number;
  /** What it had deposited before the first order (negative for the agent). */
  deposit: number;
  /** Interest that it paid. */
  interest_paid: number;
  /** Interest that it was paid. */
  interest_received: number;
  /** The most that it owned at the end of a block. */
  largest_credit: number;
  /** The most that it owed at the end of a block. */
  largest_debit: number;
  /** Its shares in losses. */
  losses: number;
  /** What it owns (positive) or owes. */
  position: number;
  /** Its quota; null for none. */
  quota?: number | null;
  /** The largest debit by the quota. */
  quota_use?: number | null;
  /** The largest credit by the quota. */
  quota_use_as_creditor?: number | null;
  /** How it stands. */
  standing: string;
};

/**
 * What came of a simulation, as `comity simulate --output json` writes it. Amounts are integers in minor units of the unit of account,
 * of any size, and the totals stand a second time as text in major units. Ratios have six decimals.
 */
export type SimulationView = {
  /** What would be left of them after netting each pair, over the whole period. */
  bilateral_net: number;
  /** The same in major units. */
  bilateral_net_major: string;
  /** Bilateral net by gross. */
  bilateral_net_ratio: number;
  /** What the rules are called. */
  charter: string;
  /** What debtors owe the union at the end. */
  credit_extended: number;
  /** The same in major units. */
  credit_extended_major: string;
  /** The cycles. */
  cycles: (SimulatedCycleView)[];
  /** Its decimals. */
  decimals: number;
  /** All orders that were presented. */
  gross: number;
  /** The same in major units. */
  gross_major: string;
  /** The most that they were left owing at the close of a cycle. */
  largest_credit_extended: number;
  /** The same in major units. */
  largest_credit_extended_major: string;
  /** The most that a member owed at the end of a block. */
  largest_exposure: ExposureView;
  /** What settled less what was paid in the asset. */
  liquidity_saved: number;
  /** The same in major units. */
  liquidity_saved_major: string;
  /** The members at the end. */
  members: (SimulatedMemberView)[];
  /** What would be left of them after netting all, over the whole period. */
  multilateral_net: number;
  /** The same in major units. */
  multilateral_net_major: string;
  /** Multilateral net by gross. */
  multilateral_net_ratio: number;
  /** Orders that were presented. */
  orders: number;
  /** How long orders waited. */
  queue_delay: QueueDelayView;
  /** Orders and commands that were rejected, refused, cancelled, or expired. */
  refused_orders: number;
  /** The seed of the orders. */
  seed: number;
  /** What settled of them in the union. */
  settled_gross: number;
  /** The same in major units. */
  settled_gross_major: string;
  /** What members paid each other in the settlement asset. */
  settled_in_asset: number;
  /** The same in major units. */
  settled_in_asset_major: string;
  /** What was settled in the asset by what settled in the union. */
  settled_in_asset_ratio: number;
  /** Orders that settled. */
  settled_orders: number;
  /** What went wrong, in words. */
  shocks: (string)[];
  /** Hash of the union's state at the end, in hexadecimal. */
  state_hash: string;
  /** The currency of all amounts. */
  unit_of_account: string;
  /** The years. */
  years: (number)[];
};

/** What came of simulations, for each set of rules in the order of the request. */
export type SimulationsView = {
  /** With the seed that was asked for. */
  simulations: (SimulationView)[];
  /** Where several seeds were asked for: how the figures are spread over them. */
  spreads: (SpreadsView)[];
};

/** How a figure is spread, each by nearest rank, so that it came up. */
export type SpreadView = {
  /** The least. */
  least: number;
  /** Half is not above this. */
  median: number;
  /** The most. */
  most: number;
  /** A twentieth is not above this. */
  p5: number;
  /** All but a twentieth are not above this. */
  p95: number;
};

/** How figures are spread over simulations with several seeds. Amounts in minor units of the unit of account. */
export type SpreadsView = {
  /** Charges on all members. */
  charges: SpreadView;
  /** What the rules are called. */
  charter: string;
  /** What debtors owe the union at the end. */
  credit_extended: SpreadView;
  /** What all members defaulted on. */
  defaulted: SpreadView;
  /** The most that a member owed. */
  largest_exposure: SpreadView;
  /** Orders that did not settle, by value. */
  never_settled_value: SpreadView;
  /** Orders in all of them. */
  orders: number;
  /** Seeds, from the one that was asked for on. */
  runs: number;
  /** What members paid each other in the settlement asset. */
  settled_in_asset: SpreadView;
};

/** A member's statement for a day or a cycle. */
export type StatementView = {
  /** The position first, then the other accounts. */
  accounts: (AccountStatementView)[];
  /** The cycle that it covers, unless it covers a day. */
  cycle?: number | null;
  /** The day that it covers, unless it covers a cycle. */
  day?: string | null;
  /** The last block that was looked at. */
  height: number;
  /** Whether the period was over: a final statement does not change any more. */
  is_final: boolean;
  /** The member, by code. */
  member: string;
  /** State hash after it, hexadecimal. */
  state: string;
  /** The union's name. */
  union: string;
};

/** A double entry. */
export type TransferView = AmountView & {
  /** The member that is paid. */
  creditor: string;
  /** Its participant. */
  creditor_participant: number;
  /** The member that pays, by code; `UNION` for accounts of all members together. */
  debtor: string;
  /** Its participant. */
  debtor_participant: number;
  /** Whether it moved positions in the unit of account, or accounts in a currency. */
  is_position: boolean;
  /**
   * `settlement`, `return`, `exchange_difference`, `rounding`, `cycle_settlement`, `charge`, `interest`, `collection` (of a
   * member's dues, into its position), `default` or `loss_share`.
   */
  kind: string;
  /** UUID of the order; null where no order moved the money. */
  order?: string | null;
};

/** Something that a run tried. */
export type TriedView = {
  /** `fifo`, `bypass-fifo`, `bilateral-offset`, `multilateral`, or `search` for the search of the optimiser. */
  name: string;
  /** The value that it would have settled. */
  value: AmountView;
};

/**
 * The union's own accounts in the book of positions, in the unit of account. They belong to all members together;
 * with the members' balances, dues and claims they sum to zero.
 */
export type UnionAccountsView = {
  /** Charges on balances. */
  charges: AmountView;
  /** Rate differences: what the buying and selling rates of converted orders left between their two sides. */
  exchange: AmountView;
  /** Interest of debtors that was not paid to creditors. */
  interest: AmountView;
  /** What members and these accounts bore of defaults and has not come back. */
  losses: AmountView;
  /** Roundings: the fractions of minor units that conversions left. */
  rounding: AmountView;
};

/** The union: who it is, and how far it has come. */
export type UnionView = {
  /**
   * Units of the settlement asset that pay one unit of account, as an exact fraction; null while the rates that it follows from are not
   * published.
   */
  asset_per_unit?: string | null;
  basket?: BasketView | null;
  /** Hash of the last block (of the charter before the first), hexadecimal. */
  block: string;
  /** Hash of the text of the charter in force, hexadecimal. */
  charter: string;
  /** Time of day on it, `HH:MM`, after which customer payments for the same day are late. */
  customer_cut_off: string;
  /** The open cycle. */
  cycle: CycleView;
  /** Orders that have ended. */
  ended_orders: number;
  /** The epoch of the last block. What was decided comes into force at the first block of one. */
  epoch: number;
  /** Height of its last block. */
  epoch_ends: number;
  /** Its identity: hash of the charter that it was founded on, hexadecimal. */
  hash: string;
  /** Height of the last block. */
  height: number;
  /** The same for payments between institutions. */
  interbank_cut_off: string;
  /** The members, in the order of their numbers. */
  members: (MemberSummary)[];
  /** Its name. */
  name: string;
  /** Orders that are held or queued. */
  open_orders: number;
  /** The version of the rules in force. */
  protocol: number;
  /** Code of the member that alone publishes rates; null where each publishes those of its own currency. */
  rates_publisher?: string | null;
  /** ISO 4217 code of the currency that settlement legs are paid in. */
  settlement_asset: string;
  /** State hash after it, hexadecimal. */
  state: string;
  /** Time of the last block. */
  time: string;
  /** The day on the union's clock. */
  today: string;
  /** ISO 4217 code of the currency that positions are kept in. */
  unit_of_account: string;
  /** Minutes that this clock is ahead of UTC. */
  utc_offset_minutes: number;
};

/** Why an order is refused or taken back. */
export type Why = {
  /** ISO 20022 reason code. */
  reason?: string | null;
};

/** A member takes its proposal back. */
export type WithdrawProposal = {
  /** Number of the proposal. */
  proposal: number;
};
