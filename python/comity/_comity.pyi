class Trade:
    @staticmethod
    def of_table(text: str) -> Trade: ...
    @staticmethod
    def of_scenario(text: str) -> Trade: ...
    def countries(self, year: int) -> list[str]: ...

def presets() -> list[tuple[str, str]]: ...
def simulate_json(
    trade: Trade,
    years: list[int],
    members: list[str],
    rules_name: str,
    rules: str,
    orders: int,
    seed: int,
    shocks: list[str],
    deposit_percent: int,
) -> str: ...
