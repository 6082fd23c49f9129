/**
 * The wire, as the OpenAPI documents of the services describe it.
 *
 * Laid out like the output of openapi-typescript (`components["schemas"]`), so that generated files
 * can take this file's place without touching anything but `model.ts`.
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
      balance_after: number;
      created_at: string;
    };
    GatewayInfo: {
      auth_mode: string;
      /** Where people look at the broker; absent where they should not. */
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
    };
  };
}
