"""Instructor: values of the prompt come back in Pydantic models, by tools and by schema, whole and in parts."""

from enum import Enum

import instructor
import pytest
from openai import OpenAI
from pydantic import BaseModel, Field

MODES = {"tools": instructor.Mode.TOOLS, "json_schema": instructor.Mode.JSON_SCHEMA}


@pytest.fixture(params=MODES)
def client(request, server):
    with OpenAI(base_url=server.base_url, api_key="sk-test", max_retries=0) as client:
        yield instructor.from_openai(client, mode=MODES[request.param])


def extract(client, response_model, text, **more):
    messages = [{"role": "user", "content": text}]
    return client.chat.completions.create(
        model="gpt-4o", response_model=response_model, messages=messages, max_retries=0, **more
    )


class User(BaseModel):
    name: str
    age: int


class Address(BaseModel):
    city: str
    country: str


class Customer(BaseModel):
    name: str
    email: str
    address: Address


class Priority(str, Enum):
    low = "low"
    high = "high"


class Ticket(BaseModel):
    title: str = Field(min_length=1, max_length=60)
    priority: Priority
    hours: float = Field(ge=0, le=100)


def test_values_of_the_prompt_come_back(client):
    user = extract(client, User, "Extract: Jason is 25 years old.")
    assert (user.name, user.age) == ("Jason", 25)


def test_models_nest(client):
    customer = extract(client, Customer, "Anna Schmidt (anna@example.com) lives in Berlin, Germany.")
    assert isinstance(customer.address, Address)
    assert customer.email == "anna@example.com"
    assert (customer.address.city, customer.address.country) == ("Berlin", "Germany")


def test_bounds_and_choices_are_kept(client):
    ticket = extract(client, Ticket, "The printer is on fire, this has high priority!")
    assert ticket.priority is Priority.high


def test_lists_are_extracted(client):
    users = extract(client, list[User], "Extract the users: Jason is 25 years old and Sarah is 30 years old.")
    assert [(user.name, user.age) for user in users] == [("Jason", 25), ("Sarah", 30)]


def test_parts_grow_into_the_whole(client):
    messages = [{"role": "user", "content": "Anna Schmidt (anna@example.com) lives in Berlin, Germany."}]
    parts = list(client.chat.completions.create_partial(model="gpt-4o", response_model=Customer, messages=messages))
    assert len(parts) > 3
    assert parts[-1].email == "anna@example.com"
    assert parts[-1].address.city == "Berlin"


def test_items_come_one_by_one(client):
    messages = [{"role": "user", "content": "Extract the users: Jason is 25 years old and Sarah is 30 years old."}]
    users = list(client.chat.completions.create_iterable(model="gpt-4o", response_model=User, messages=messages))
    assert [user.name for user in users] == ["Jason", "Sarah"]
