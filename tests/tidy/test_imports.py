import grimp
import pytest


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Who imports whom inside the package; imports for types alone do not count."""
    return grimp.build_graph("fintwin", exclude_type_checking_imports=True)


def chains(graph: grimp.ImportGraph, importer: str, imported: str) -> list[str]:
    """Every shortest way from one part to another, spelt out."""
    if not {importer, imported} <= graph.modules:
        return []
    found = graph.find_shortest_chains(importer=importer, imported=imported, as_packages=True)
    return [" -> ".join(chain) for chain in found]


@pytest.mark.parametrize("forbidden", ["fintwin.ledger", "fintwin.store.append"])
def test_finbot_never_appends(graph: grimp.ImportGraph, forbidden: str) -> None:
    """No chain of imports leads from the assistant to what writes; it proposes, a person decides."""
    assert chains(graph, "fintwin.assistant", forbidden) == [], "let the assistant return a proposal instead"


def test_settings_is_a_leaf(graph: grimp.ImportGraph) -> None:
    """Every part may ask the settings, so they ask no part; those of the door are a leaf of their own."""
    assert graph.find_modules_directly_imported_by("fintwin.settings") <= {"fintwin.door_settings"}
    assert graph.find_modules_directly_imported_by("fintwin.door_settings") == set()


def test_a_forbidden_chain_would_be_found(graph: grimp.ImportGraph) -> None:
    """The search finds an indirect way that is known to be there."""
    assert chains(graph, "fintwin.cli", "fintwin.settings")


@pytest.mark.parametrize("core", ["domain", "projections", "twin"])
def test_the_core_imports_only_the_core(graph: grimp.ImportGraph, core: str) -> None:
    """Domain, projections and twin know nothing of whoever calls them."""
    inside = {"fintwin.domain", "fintwin.projections", "fintwin.twin", "fintwin"}
    of_core = graph.find_descendants(f"fintwin.{core}") | {f"fintwin.{core}"}
    imported = {name for module in of_core for name in graph.find_modules_directly_imported_by(module)}
    outside = {
        name
        for name in imported
        if not any(name == part or name.startswith(f"{part}.") for part in inside - {"fintwin"})
    }
    assert outside - {"fintwin"} == set(), "hand it in as an argument instead"
