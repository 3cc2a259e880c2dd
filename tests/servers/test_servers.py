"""The servers that the other tests stand on: each is used once here, for real."""

import httpx
import pytest

from tests.servers.pds import Pds


@pytest.mark.pds
def test_a_reply_posted_on_the_pds_is_read_back_with_its_parent(pds: Pds) -> None:
    asker, brand = pds.create_account("asker-readback"), pds.create_account("brand-readback")
    question = pds.post(asker, f"@{brand.handle} is the shop open?", mentions=(brand,))
    pds.post(brand, "Yes, until six.", parent=question)
    (answer,) = pds.records(brand)
    assert answer["value"]["text"] == "Yes, until six."
    assert answer["value"]["reply"]["parent"] == question.json()


@pytest.mark.pds
def test_a_killed_pds_comes_back_on_the_same_port_with_its_data(own_pds: Pds) -> None:
    account = own_pds.create_account("survivor")
    kept = own_pds.post(account, "Still here.")
    own_pds.kill()
    with pytest.raises(httpx.ConnectError):
        own_pds.records(account)
    own_pds.start()
    assert [record["uri"] for record in own_pds.records(account)] == [kept.uri]
    own_pds.restart()
    own_pds.post(account, "And the old session still posts.")
    assert len(own_pds.records(account)) == 2
