from dataclasses import dataclass, field


@dataclass
class Item:
    name: str
    price: float
    count: int = 1


@dataclass
class Inventory:
    items: list = field(default_factory=list)

    def add(self, name, price, count=1):
        for item in self.items:
            if item.name == name:
                item.count += count
                return item
        item = Item(name, price, count)
        self.items.append(item)
        return item

    def total(self):
        return sum(item.price * item.count for item in self.items)
