"""Places an order with generated clients and waits until it is paid: place_order.py API_URL FOLDER.

The folder contains the generated packages `orders` and `payments`.
"""

import random
import sys
import time

api_url, folder = sys.argv[1:]
sys.path.insert(0, folder)

from orders.api.orders import get_order, place_order
from orders.client import Client as Orders
from orders.models import Order, PlaceOrder, ProblemDocument
from payments.api.payments import get_balance, top_up
from payments.client import Client as Payments
from payments.models import Account, ToppedUp, TopUp

SECONDS_MAX = 30

user = random.randrange(1_000_000, 2_000_000_000)
headers = {"X-User-ID": str(user)}
orders = Orders(base_url=f"{api_url}/orders", headers=headers)
payments = Payments(base_url=f"{api_url}/payments", headers=headers)

topped_up = top_up.sync(client=payments, body=TopUp(amount=500.0))
assert isinstance(topped_up, ToppedUp), topped_up

refused = place_order.sync(client=orders, body=PlaceOrder(amount=-1.0))
assert isinstance(refused, ProblemDocument) and refused.status == 422, refused

placed = place_order.sync(client=orders, body=PlaceOrder(amount=200.5), idempotency_key="once")
assert isinstance(placed, Order) and placed.amount == 200.5, placed
again = place_order.sync(client=orders, body=PlaceOrder(amount=200.5), idempotency_key="once")
assert isinstance(again, Order) and again.id == placed.id, again

give_up_at = time.monotonic() + SECONDS_MAX
order = placed
while order.status == "PENDING":
    assert time.monotonic() < give_up_at, f"not decided after {SECONDS_MAX} s: {order}"
    time.sleep(0.1)
    order = get_order.sync(order.id, client=orders)
    assert isinstance(order, Order), order
assert order.status == "PAID", order

account = get_balance.sync(client=payments)
assert isinstance(account, Account) and account.balance == 299.5, account
print(f"order {order.id} is paid")
