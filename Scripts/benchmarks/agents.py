#!/usr/bin/env python3
"""Agents: what they learn over seeds, and how fast, beside stable-baselines3, EnvPool and Gymnasium.

    Scripts/benchmarks/agents.py learning [NAME...] [--seeds N]
    Scripts/benchmarks/agents.py stepping --python PYTHON [--seconds S]
    Scripts/benchmarks/agents.py training --python PYTHON [--runs N]
    Scripts/benchmarks/agents.py until --python PYTHON [--runs SEEDS]
    Scripts/benchmarks/agents.py policies --python PYTHON
    Scripts/benchmarks/agents.py smoke

learning: `aigc train rl` with its defaults and seeds 1 to N (10), and the mean return of the kept agent, always at its best
action, over 100 episodes of other seeds. NAME is a row of the table: cartpole-ppo, acrobot-ppo ...
stepping: 1,024 environments with random actions; ours draws them inside, EnvPool gets them (Scripts/peers/environment_bench.py).
training: 100,000 steps of PPO on CartPole with the same network, batch, epochs and steps as stable-baselines3's defaults and
as rl-zoo's settings; ours is the whole process, the peer its call of `learn` on one thread of PyTorch (two are slower by far).
until: seconds until 20 episodes, played after every 2,048 steps, have a mean of 475: ours with its defaults by the log, in which those
episodes count, the peer with rl-zoo's settings, without them.
policies: the tensors of `aigc convert agent policy.safetensors` in stable-baselines3's own networks, and whether they act alike.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
# Environment, algorithm, the mean that counts, and of how many of ten seeds.
LEARNING = [
    ("cartpole", "ppo", 475, 10), ("cartpole", "dqn", 475, 10), ("cartpole", "reinforce", 475, 8),
    ("cartpole", "a2c", 475, 8), ("acrobot", "ppo", -100, 8), ("mountaincar", "dqn", -115, 8),
    ("pendulum", "ppo", -200, 8)]
DEFAULT = ["--n-envs", "1", "--n-steps", "2048", "--batch-size", "64", "--n-epochs", "10", "--lr", "3e-4", "--schedule",
           "constant", "--gamma", "0.99", "--gae-lambda", "0.95"]
ZOO = ["--n-envs", "8", "--n-steps", "32", "--batch-size", "256", "--n-epochs", "20", "--lr", "1e-3", "--schedule",
       "linear", "--min-lr", "0", "--gamma", "0.98", "--gae-lambda", "0.8"]
POLICIES = '''
import sys, torch, gymnasium, numpy
from safetensors.torch import load_file
from stable_baselines3 import DQN, PPO
kind, name, path, shape = sys.argv[1:]
environment = gymnasium.make(name)
sizes = [int(size) for size in shape.split(",")]
arch = sizes if kind == "dqn" else dict(pi=sizes, vf=sizes)
f = torch.nn.ReLU if kind == "dqn" else torch.nn.Tanh
model = (DQN if kind == "dqn" else PPO)("MlpPolicy", environment, policy_kwargs=dict(net_arch=arch, activation_fn=f), device="cpu")
model.policy.load_state_dict(load_file(path), strict=True)
returns = []
for seed in range(20):
    observation, _ = environment.reset(seed=seed)
    total, ended = 0.0, False
    while not ended:
        action, _ = model.predict(observation, deterministic=True)
        observation, reward, terminated, truncated, _ = environment.step(action)
        total, ended = total + reward, terminated or truncated
    returns.append(total)
print(sum(returns) / len(returns))
'''


class Program:
    def __init__(self, path, folder):
        self.path, self.folder = path, folder

    def json(self, *arguments):
        found = subprocess.run([self.path, *arguments, "--json", "-q"], cwd=self.folder, capture_output=True, text=True)
        if found.returncode != 0:
            sys.exit("agents: aigc %s: %s" % (" ".join(arguments), found.stderr))
        return json.loads(found.stdout.splitlines()[-1])

    def train(self, out, *arguments):
        start = time.perf_counter()
        found = self.json("train", "rl", *arguments, "--out", out, "--force")
        return found, time.perf_counter() - start


def peer(python, program, *arguments):
    found = subprocess.run([python, os.path.join(ROOT, "Scripts/peers", program), *arguments], capture_output=True, text=True)
    if found.returncode != 0:
        sys.exit("agents: %s: %s" % (program, found.stderr[-2000:]))
    return [json.loads(line) for line in found.stdout.splitlines() if line.startswith("{")]


def learning(program, options):
    for environment, algorithm, bar, wanted in LEARNING:
        name = "%s-%s" % (environment, algorithm)
        if options.names and name not in options.names:
            continue
        means, seconds, timesteps = [], [], 0
        for seed in range(1, options.seeds + 1):
            trained, taken = program.train(
                "agent", environment, "--algo", algorithm, "--seed", str(seed), *options.extra)
            plan = program.json("train", "rl", environment, "--algo", algorithm, "--dry-run", "--out", "plan", *options.extra)
            found = program.json("evaluate", "agent", "--episodes", "100", "--seed", str(100_000 + seed))
            means.append(found["mean_reward"])
            seconds.append(taken)
            timesteps = plan["timesteps"]
        reached = sum(mean >= bar for mean in means)
        print(json.dumps({
            "benchmark": name, "timesteps": timesteps, "bar": bar, "reached": reached, "of": len(means), "wanted": wanted,
            "means": [round(mean, 1) for mean in means], "mean": round(statistics.mean(means), 1),
            "seconds": round(statistics.median(seconds), 2)}), flush=True)


def stepping(program, options):
    names = {"CartPole-v1": "cartpole", "MountainCar-v0": "mountaincar", "Acrobot-v1": "acrobot", "Pendulum-v1": "pendulum"}
    found = peer(options.python, "environment_bench.py", "--seconds", str(options.seconds)) if options.python else [
        {"environment": "CartPole-v1", "count": 1024, "rate": None, "peer": None}]
    for row in found:
        own = program.json("bench", "%s-step-%d" % (names[row["environment"]], row["count"]), "--seconds", str(options.seconds))["results"][0]
        print(json.dumps({
            "benchmark": "stepping", "environment": row["environment"], "count": row["count"], "ours": own["rate"],
            "peer": row["rate"], "peer_name": row["peer"],
            "ratio": own["rate"] / row["rate"] if row["rate"] else None}), flush=True)


def training(program, options):
    for name, flags in (("default", DEFAULT), ("zoo", ZOO)):
        own, other = [], []
        for run in range(options.runs):
            own.append(program.train(
                "agent", "cartpole", *flags, "--timesteps", str(options.timesteps), "--seed", str(run), "--eval-every",
                "1000000", "--eval-episodes", "1")[1])
            if options.python:
                other.append(peer(options.python, "sb3_bench.py", name, "--seed", str(run))[0]["seconds"])
        ours, theirs = statistics.median(own), statistics.median(other) if other else None
        print(json.dumps({
            "benchmark": "training-" + name, "ours": ours, "peer": theirs, "ours_runs": own, "peer_runs": other,
            "ratio": theirs / ours if theirs else None}), flush=True)


def until(program, options):
    own, other = [], []
    for seed in range(1, options.runs + 1):
        program.train("agent", "cartpole", "--seed", str(seed), "--eval-every", "8", "--eval-episodes", "20")
        with open(os.path.join(program.folder, "agent/log.jsonl"), encoding="utf-8") as log:
            rows = [json.loads(line) for line in log]
        row = next((row for row in rows if row.get("eval_reward", 0) >= 475), None)
        own.append((row["seconds"], row["step"] * 256) if row else (None, None))
        if options.python:
            found = peer(options.python, "sb3_bench.py", "zoo", "--seed", str(seed), "--until", "475")[0]
            other.append((found["seconds"], found["timesteps"]))
    found = [[one[0] for one in side if one[0] is not None] for side in (own, other)]
    medians = [statistics.median(side) if side else None for side in found]
    print(json.dumps({
        "benchmark": "until-475", "ours": medians[0], "peer": medians[1], "ours_runs": own, "peer_runs": other,
        "ratio": medians[1] / medians[0] if all(medians) else None}), flush=True)


def policies(program, options):
    names = {"cartpole": "CartPole-v1", "acrobot": "Acrobot-v1", "mountaincar": "MountainCar-v0", "pendulum": "Pendulum-v1"}
    for environment, algorithm, _, _ in LEARNING:
        if algorithm in ("reinforce", "a2c"):
            continue
        program.train("agent", environment, "--algo", algorithm, "--seed", "1", "--timesteps", "20000")
        with open(os.path.join(program.folder, "agent/config.json"), encoding="utf-8") as file:
            configuration = json.load(file)
        program.json("convert", "agent", "policy.safetensors")
        found = subprocess.run(
            [options.python, "-c", POLICIES, algorithm, names[environment], "policy.safetensors",
             ",".join(str(size) for size in configuration["hidden"])], cwd=program.folder, capture_output=True, text=True)
        if found.returncode != 0:
            sys.exit("agents: %s" % found.stderr[-2000:])
        own = program.json("evaluate", "agent", "--seed", "1")
        print(json.dumps({
            "benchmark": "policies", "environment": environment, "algorithm": algorithm,
            "mean_by_stable_baselines": float(found.stdout), "mean_by_aigc": own["mean_reward"]}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["learning", "stepping", "training", "until", "policies", "smoke"])
    parser.add_argument("names", metavar="NAME", nargs="*", help="learning: rows of its table (default: all)")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--python", help="an interpreter that has the peers")
    parser.add_argument("--aigc", default=os.path.join(ROOT, ".build/release/aigc"), help="another program than this clone's")
    options = parser.parse_args()
    options.extra, options.timesteps = [], 100_000
    if not os.access(options.aigc, os.X_OK):
        sys.exit("agents: no %s: run Scripts/aigc --version first" % options.aigc)
    options.aigc = os.path.realpath(options.aigc)
    if options.what == "policies" and not options.python:
        sys.exit("agents: policies needs --python")
    with tempfile.TemporaryDirectory() as folder:
        program = Program(options.aigc, folder)
        if options.what != "smoke":
            return {"learning": learning, "stepping": stepping, "training": training, "until": until,
                    "policies": policies}[options.what](program, options)
        options.seeds = options.runs = 1
        options.seconds, options.timesteps = 0.05, 4096
        options.extra = ["--timesteps", "2000", "--eval-episodes", "2"]
        for step in (learning, stepping, training):
            step(program, options)
    print("smoke: agents learn and are measured")


if __name__ == "__main__":
    main()
