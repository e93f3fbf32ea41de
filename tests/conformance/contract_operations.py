"""The operations as the contract numbers them: method and path below the base URL."""

OPERATIONS = {
    1: ("PUT", "/authorization/refresh/token"),
    2: ("GET", "/monitoring/calls"),
    3: ("GET", "/monitoring/calls/pending"),
    4: ("GET", "/employees"),
    5: ("POST", "/call/outgoing"),
    6: ("GET", "/statistics/common"),
    7: ("GET", "/statistics/journal"),
    8: ("GET", "/call-records/info"),
    9: ("GET", "/call-records/file"),
    10: ("GET", "/call-records/file/stt"),
    11: ("GET", "/managers"),
    12: ("GET", "/managers/{id}"),
    13: ("POST", "/managers"),
    14: ("PUT", "/managers"),
    15: ("DELETE", "/managers/{id}"),
    16: ("POST", "/blacklist"),
    17: ("DELETE", "/blacklist/by-msisdn/{msisdn}"),
    18: ("DELETE", "/blacklist/all"),
    19: ("GET", "/blacklist"),
}
