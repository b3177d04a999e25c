"""Offline training: a folder of identities in, a bundle with a measured, calibrated decision out.

Read it in the order of the work: `cli` → `config` → `data` → `trainer` → `export` → `evaluation`.
"""
