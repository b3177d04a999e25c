import numpy as np
import pytest

from training.metrics.pairs import PairEnergies


def pair_energies(genuine, genuine_subject, impostor, impostor_subjects):
    """Pairs with these energies, put in the rising order that `PairEnergies` keeps."""
    genuine, impostor = np.asarray(genuine, np.float32), np.asarray(impostor, np.float32)
    g, i = np.argsort(genuine, kind="stable"), np.argsort(impostor, kind="stable")
    subjects = np.asarray(impostor_subjects, np.int64)
    return PairEnergies(
        images=0,
        subjects=int(max(subjects.max(), np.max(genuine_subject))) + 1,
        genuine=genuine[g],
        genuine_subject=np.asarray(genuine_subject, np.int64)[g],
        impostor=impostor[i],
        impostor_subjects=subjects[i],
    )


@pytest.fixture
def scattered():
    """Makes pairs of normal energies: some genuine per subject, one impostor pair per dyad."""

    def make(subjects=40, genuine_each=6, apart=2.0, seed=0):
        rng = np.random.default_rng(seed)
        dyads = np.stack(np.triu_indices(subjects, k=1), axis=1)
        return pair_energies(
            10 + rng.standard_normal(subjects * genuine_each),
            np.repeat(np.arange(subjects), genuine_each),
            10 + apart + rng.standard_normal(len(dyads)),
            dyads,
        )

    return make


@pytest.fixture
def pairs_of():
    return pair_energies
