"""Decide one SMT-LIB file, for Halmos: cvc5 in integers first, then z3.

A share of a sum is a product and a division of 256 bits, over which solvers of bit vectors pass an hour; as integers
(Zohar et al., *Bit-Precise Reasoning via Int-Blasting*, 2022) they are linear. What is not proven so within seconds,
and every refutation with its model, is z3's.
"""

from __future__ import annotations

import os
import sys

import cvc5

MILLISECONDS = 10_000


def is_proven(path: str) -> bool:
    """Whether cvc5 finds that no values fulfil what the file asserts."""
    terms = cvc5.TermManager()
    solver = cvc5.Solver(terms)
    for option, value in (("solve-bv-as-int", "sum"), ("tlimit-per", str(MILLISECONDS))):
        solver.setOption(option, value)
    parser = cvc5.InputParser(solver)
    parser.setFileInput(cvc5.InputLanguage.SMT_LIB_2_6, path)
    symbols = parser.getSymbolManager()
    while not (command := parser.nextCommand()).isNull():
        answer = command.invoke(solver, symbols).strip()
        if answer:  # of `check-sat`; what is asked after it is about a model
            return bool(answer == "unsat")
    return False


if __name__ == "__main__":
    if is_proven(sys.argv[1]):
        print("unsat")
    else:
        os.execvp("z3", ["z3", sys.argv[1]])
