import pytest
from random_models import two_stage as make


@pytest.fixture(scope="session")
def system(tmp_path_factory):
    """Two sources and a ranker; ten candidates a source."""
    return make(tmp_path_factory.mktemp("models"))
