/**
 * The API types, as described by the OpenAPI documents of the services.
 *
 * Structured like the output of openapi-typescript (`components["schemas"]`), so that generated files can
 * replace this file with changes only in `model.ts`.
 */
export interface components {
  schemas: {
    Order: {
      id: string;
      user_id: number;
      amount: number;
      description: string | null;
      status: 'PENDING' | 'PAID' | 'FAILED' | 'CANCELLING' | 'CANCELLED';
      reason: string | null;
      version: number;
      created_at: string;
      updated_at: string;
    };
    OrderMessage: {
      type: 'snapshot' | 'update';
      order_id: string;
      status: components['schemas']['Order']['status'];
      version: number;
      amount: number;
      reason: string | null;
      at: string;
    };
    Account: {
      user_id: number;
      balance: number;
    };
    ToppedUp: {
      user_id: number;
      balance: number;
      transaction_id: string;
    };
    Transaction: {
      id: string;
      kind: 'topup' | 'payment' | 'refund' | 'transfer';
      amount: number;
      order_id?: string | null;
      counterparty?: number | null;
      /** The bill of a transfer, as it was called then. */
      cheque?: {
        hash: string;
        merchant?: string;
        purchased_on?: string;
        /** Who settled, or got money back. */
        participant?: string;
        /** Members of a group settled up: `hash` is its key, `merchant` its name. */
        for_group?: boolean;
      };
      balance_after: number;
      created_at: string;
    };
    GatewayInfo: {
      /** `header` or `jwt`. */
      auth_mode: string;
      /** Demo users with a publicly known password. */
      demo_users?: string[];
      demo_password?: string;
      /** Base URL of share links. */
      share_url?: string;
      /** URL of RabbitMQ's management UI; absent if it is not accessible. */
      console_url?: string;
      currency: string;
      version: string;
    };
    Problem: {
      type: string;
      title: string;
      status: number;
      detail?: string;
      code: string;
      errors?: { pointer: string; detail: string }[];
      trace_id?: string;
      /** For `line_taken`: the largest part that can be claimed. */
      left?: components['schemas']['Part'];
      /** For `due_changed`: the amount that is due now. */
      due?: number;
      /** For `refund_changed`. */
      owed?: number;
      paid?: number;
    };
    /** Amounts and quantities below have at most three decimals, percentages two. */
    Cheque: {
      merchant?: string | null;
      /** `2026-02-05`. */
      purchased_on?: string | null;
      total_account: number | null;
      /** What the total may be, the best first, if it is not certain. */
      totals?: components['schemas']['PossibleTotal'][];
      products: components['schemas']['Product'][];
      currency?: string | null;
      service?: number | null;
      discount?: number | null;
      tax?: number | null;
      tip?: number | null;
      rounding?: number | null;
      status: 'balanced' | 'needs_review' | 'failed';
      difference?: number | null;
      confidence: number;
      warnings: ('no_text' | 'no_total' | 'no_lines' | 'does_not_add_up' | 'poor_photo' | 'two_bills' | 'too_many_lines')[];
      photo?: { width: number; height: number } | null;
      /** All photos, if there are several, or the first was taken again. */
      photos?: { page: number; width: number; height: number }[];
    };
    PossibleTotal: {
      amount: number;
      /** The words beside it; empty if there are none. */
      label: string;
      box?: { x: number; y: number; width: number; height: number; page?: number } | null;
      confidence: number;
    };
    Product: {
      id: number;
      name: string;
      numberServings: number;
      price: number | null;
      total: number | null;
      price_printed: boolean;
      modifiers?: string[];
      confidence: number;
      raw: string;
      /** `page` is the photo, 1 if absent. */
      box?: { x: number; y: number; width: number; height: number; page?: number } | null;
      warnings: ('does_not_add_up' | 'repaired' | 'uncertain_name' | 'uncertain_amount' | 'uncertain_quantity' | 'no_amount')[];
      /** The version of the state at which the line was last changed; absent from replicas of the previous release. */
      version?: number;
    };
    ReadCheque: {
      hash: string;
      url: string;
      created_at?: string;
      expires_at: string;
      cheque: components['schemas']['Cheque'];
    };
    Reading: {
      state: 'queued' | 'reading' | 'read' | 'refused';
      position?: number;
      step?: number;
      steps?: number;
    };
    /** A part of a line: numerator / denominator. */
    Part: { numerator: number; denominator: number };
    Tip: { percent?: number; amount?: number };
    Settlement: {
      state: 'none' | 'pending' | 'paid' | 'failed' | 'cash' | 'owner';
      transfer_id?: string;
      amount?: number;
      reason?: string;
      /** The last transfer, if the owner gives money back. */
      refund?: components['schemas']['Refund'];
    };
    Refund: { state: 'pending' | 'done' | 'failed'; transfer_id: string; amount: number; reason?: string };
    NegativeLine: { line: number; applies: 'proportion' | 'line' | 'claimed'; takes_back?: number };
    Participant: {
      id: number;
      name: string | null;
      /** Among participants with the same name, the second has 2, and so on. */
      namesake?: number;
      role: 'owner' | 'user' | 'guest';
      due: number;
      paid: number;
      to_pay: number;
      to_transfer: number;
      /** Whether the due counts in a group, and is paid there. */
      in_group?: boolean;
      settlement: components['schemas']['Settlement'];
      /** Added by the owner: no device or user is this participant. */
      free?: boolean;
      /** If several participants have paid the restaurant. */
      advance?: number;
      outside?: components['schemas']['PaidOutside'];
      reported?: components['schemas']['ReportedPayment'];
      reminded_at?: string;
      reminded_times?: number;
    };
    PaidOutside: { means: 'cash' | 'other'; note?: string };
    ReportedPayment: { amount: number; to: number; note?: string };
    PlannedPayment: { from: number; to: number; amount: number; to_transfer: number; transferable: boolean };
    PaidBetween: { from: number; to: number; amount: number };
    ReminderText: { participant: number; name: string | null; amount: number; currency?: string; link: string };
    Claim: components['schemas']['Part'] & { line: number; participant: number };
    Remainder: components['schemas']['Part'] & { line: number };
    Split: {
      version: number;
      cheque_version: number;
      status: 'open' | 'settled';
      confirmed: boolean;
      payable: boolean;
      method: 'items' | 'equal' | 'shares' | 'percent' | 'exact';
      tip: components['schemas']['Tip'] | null;
      shares?: Record<string, number>;
      percents?: Record<string, number>;
      amounts?: Record<string, number>;
      rate: number | null;
      joining_open: boolean;
      negative_lines: components['schemas']['NegativeLine'][];
      participants: components['schemas']['Participant'][];
      /** Absent from replicas of the previous release. */
      plan?: components['schemas']['PlannedPayment'][];
      /** If several participants have paid the restaurant: what can be given back. */
      paid_between?: components['schemas']['PaidBetween'][];
      claims: components['schemas']['Claim'][];
      remainders: components['schemas']['Remainder'][];
      total: number;
      unclaimed: number;
      frozen: boolean;
      created_at: string;
      expires_at: string;
    };
    SharedCheque: {
      hash: string;
      cheque: components['schemas']['Cheque'];
      split: components['schemas']['Split'];
      you: number | null;
      owner: boolean;
    };
    Person: { id: number; name: string | null };
    /** One fact of the history of a cheque. */
    Change:
      | { what: 'joined' | 'left'; who: components['schemas']['Person'] }
      | { what: 'renamed'; who: components['schemas']['Person']; before: string | null }
      | { what: 'claimed'; who: components['schemas']['Person']; line: string; numerator: number; denominator: number }
      | { what: 'released'; who: components['schemas']['Person']; line: string }
      | { what: 'line_added'; line: string; after: number | null }
      | {
          what: 'line_changed';
          line: string;
          renamed?: string;
          before: number | null;
          after: number | null;
          quantity_before?: number;
          quantity_after?: number;
        }
      | { what: 'line_removed'; line: string; before: number | null }
      | {
          what: 'part';
          part: 'service' | 'discount' | 'tax' | 'tip' | 'rounding';
          before: number | null;
          after: number | null;
        }
      | { what: 'total'; before: number | null; after: number | null }
      | { what: 'corrected' | 'confirmed' | 'tip' | 'negative_lines' | 'settled' }
      | { what: 'named'; merchant?: string | null; purchased_on?: string | null }
      | { what: 'method'; method: components['schemas']['Split']['method'] }
      | { what: 'rate'; rate: string | null }
      | { what: 'joining'; open: boolean }
      | { what: 'in_group'; counts: boolean; group?: string }
      | { what: 'arrived' | 'report_dropped' | 'reminded'; who: components['schemas']['Person'] }
      | { what: 'payers'; payers: components['schemas']['Payer'][] }
      | { what: 'reported'; who: components['schemas']['Person']; amount: number }
      | ({ what: 'transferring' | 'transferred' } & components['schemas']['Moved'])
      | ({ what: 'refused'; reason: string } & components['schemas']['Moved'])
      | ({ what: 'outside'; how?: components['schemas']['PaidOutside'] } & components['schemas']['Moved']);
    Moved: { who: components['schemas']['Person']; with?: components['schemas']['Person']; amount: number };
    Payer: { who: components['schemas']['Person']; amount: number };
    Activity: { version: number; at: string; by: number | null; times?: number; changes: components['schemas']['Change'][] };
    EnteredCheque: components['schemas']['SharedCheque'] & { url: string };
    ListedCheque: {
      hash: string;
      url: string;
      status: 'open' | 'settled';
      owner: boolean;
      merchant?: string;
      purchased_on?: string;
      participants: number;
      total_account: number | null;
      currency?: string;
      due: number;
      settlement: components['schemas']['Settlement'] | null;
      created_at: string;
      expires_at: string;
    };
    Due: {
      participant: number;
      items: number;
      service: number;
      discount: number;
      tax: number;
      tip: number;
      rounding: number;
      difference?: number;
      due: number;
    };
    /** A dead letter; the same for every service. */
    DeadLetter: {
      event_id: string;
      direction: 'incoming' | 'outgoing';
      event_type: string;
      ordering_key: string | null;
      reason: string;
      attempts: number;
      correlation_id: string | null;
      trace_id: string | null;
      occurred_at: string | null;
      failed_at: string;
      state: 'open' | 'replayed' | 'discarded';
      settled_at: string | null;
    };
    OpenedDeadLetter: components['schemas']['DeadLetter'] & {
      /** Present if the payload is JSON; otherwise there is `payload_base64`. */
      payload?: unknown;
      payload_base64?: string;
      content_type: string;
      exchange: string | null;
      routing_key: string | null;
    };
    /** Selects the dead letters of a bulk action; absent fields do not restrict it. */
    DeadLetterFilter: {
      state?: components['schemas']['DeadLetter']['state'];
      direction?: components['schemas']['DeadLetter']['direction'];
      type?: string;
      reason?: string;
      failed_before?: string;
    };
    Settled: { settled: number };
    Lane: { lane: number; unsent: number; oldest_age_secs: number | null };
    DeadLetterCount: {
      event_type: string;
      direction: components['schemas']['DeadLetter']['direction'];
      open: number;
    };
    Messaging: {
      lanes: components['schemas']['Lane'][];
      scheduled: number;
      parked: number;
      dead_letters: components['schemas']['DeadLetterCount'][];
      breaker: 'closed' | 'open' | 'half_open';
      lanes_owned: number;
      inbox_partitions: number;
    };
  };
}
