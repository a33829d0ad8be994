"""A worker without Node: it speaks the engine's protocol about toy battles, and misbehaves where an action says so.

    python fake_worker.py [--once FILE]

The first action of side 0 may be: 50 ends the process · 51 writes garbage · 52 hangs · 53 the simulator throws · 54 is refused.
With --once FILE the first three happen only as long as FILE does not exist, and make it.
"""

import base64
import hashlib
import json
import os
import struct
import sys
import time

LAST = 6


class Fault(Exception):
    pass


def once():
    """Whether to misbehave now."""
    if "--once" not in sys.argv:
        return True
    path = sys.argv[sys.argv.index("--once") + 1]
    if os.path.exists(path):
        return False
    open(path, "w").close()
    return True


def numbers(kind, values):
    return base64.b64encode(struct.pack(f"<{len(values)}{kind}", *values)).decode()


class Battle:
    def __init__(self, setup, log=()):
        self.setup, self.log = setup, list(log)

    def update(self):
        turn = sum(entry.startswith("choose") for entry in self.log)
        over = turn >= LAST or any(entry.startswith("playout") for entry in self.log)
        kind = "over" if over else "preview" if not turn else "move"
        side = {
            "kind": kind,
            "again": None,
            "slots": [[], []] if over else [[7, 8, 11, 50, 51, 52, 53, 54], [7, 11]],
            "passes": None,
            "pick": 4 if kind == "preview" else 0,
            "features": numbers("f", [turn, 0.5]),
            "options": numbers("f", [0.0] * 64),
            "ids": numbers("h", [1] * 84),
            "view": {"turn": turn},
            "lines": [f"|turn|{turn}"],
        }
        return {"turn": turn, "over": over, "winner": int(self.digest()[:8], 16) % 2 if over else None, "sides": [side, side]}

    def digest(self):
        return hashlib.sha256(json.dumps([self.setup, self.log], sort_keys=True).encode()).hexdigest()


battles = {}


def answer(c):
    op = c["op"]
    if op == "hello":
        return {"protocol": 1, "node": "v99.0.0", "showdown": "0.0.0", "patched": False, "formats": {"toy": "Toy"}, "layout": "0" * 64}
    if op == "start":
        if c["format"] != "toy":
            raise Fault("bad_format", f"no format {c['format']}")
        if any(team and "illegal" in team for team in c["teams"]):
            raise Fault("bad_team", "Illegal cannot learn Spore.")
        battles[c["battle"]] = Battle({k: v for k, v in c.items() if k != "battle"})
        return battles[c["battle"]].update()
    if op == "load":
        setup, log = json.loads(c["snapshot"])
        battles[c["battle"]] = Battle(setup, log)
        return battles[c["battle"]].update()
    if op == "validate":
        return {"problems": ["Illegal cannot learn Spore."] if "illegal" in c["team"] else []}
    if op == "random_team":
        return {"team": f"toy-{c['seed']}"}
    if op == "legal_sets":
        return {"sets": sorted(f"set {c['seed']} {i}" for i in range(c["calls"]))}
    if c.get("battle") not in battles:
        raise Fault("unknown_battle", f"no battle {c.get('battle')}")
    battle = battles[c["battle"]]
    if op == "choose":
        return choose(battle, c)
    if op == "playout":
        battle.log.append(f"playout {c['seed']}")
        return {"over": True, "winner": battle.update()["winner"], "left": [1.5, 0], "turn": LAST}
    if op == "fork":
        battles[c["into"]] = Battle(battle.setup, [*battle.log, *([f"seed {c['seed']}"] if c["seed"] else [])])
        return battles[c["into"]].update()
    if op == "drop":
        del battles[c["battle"]]
        return {}
    if op == "peek":
        return battle.update()
    if op == "save":
        return {"snapshot": json.dumps([battle.setup, battle.log])}
    if op == "digest":
        return {"digest": battle.digest()}
    if op == "input_log":
        return {"lines": battle.log}
    raise Fault("bad_command", f"no command {op}")


def choose(battle, c):
    first = c["actions"][0][0]
    if first == 50 and once():
        print("the fake worker ends now", file=sys.stderr, flush=True)
        os._exit(3)
    if first == 51 and once():
        print("this is no JSON", flush=True)
    if first == 52 and once():
        time.sleep(600)
    if first == 53:
        raise Fault("crashed", "TypeError: fake")
    if first == 54:
        raise Fault("bad_choice", "[Invalid choice] fake")
    battle.log.append(f"choose {c['actions']}")
    return battle.update()


def main():
    for line in sys.stdin:
        data = json.loads(line)
        replies = []
        for command in data["commands"]:
            try:
                replies.append({"ok": answer(command)})
            except Fault as fault:
                if fault.args[0] == "crashed":
                    del battles[command["battle"]]
                replies.append({"error": dict(zip(("kind", "message"), fault.args, strict=True))})
        print(json.dumps({"id": data["id"], "replies": replies}), flush=True)


main()
