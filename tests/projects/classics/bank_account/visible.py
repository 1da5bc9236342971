from buggy import Account

def raises(call):
    try:
        call()
    except ValueError:
        return True
    return False

def test_deposit():
    account = Account("ann")
    account.deposit(5)
    assert account.balance == 5

def test_withdraw_all():
    account = Account("ann", 10)
    account.withdraw(10)
    assert account.balance == 0

def test_too_much():
    assert raises(lambda: Account("ann", 3).withdraw(4))
