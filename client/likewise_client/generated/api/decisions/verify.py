from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.verify_answer import VerifyAnswer
from ...models.verify_files_body import VerifyFilesBody
from ...models.verify_json_pair_json import VerifyJsonPairJson
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: VerifyFilesBody | VerifyJsonPairJson | Unset = UNSET,
    x_deadline_ms: float | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_deadline_ms, Unset):
        headers["X-Deadline-Ms"] = str(x_deadline_ms)

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/verify",
    }

    if isinstance(body, VerifyFilesBody):
        _kwargs["files"] = body.to_multipart()

    if isinstance(body, VerifyJsonPairJson):
        _kwargs["json"] = body.to_dict()

        headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | VerifyAnswer | None:
    if response.status_code == 200:
        response_200 = VerifyAnswer.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 408:
        response_408 = Problem.from_dict(response.json())

        return response_408

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())

        return response_409

    if response.status_code == 413:
        response_413 = Problem.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = Problem.from_dict(response.json())

        return response_415

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    if response.status_code == 500:
        response_500 = Problem.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    if response.status_code == 504:
        response_504 = Problem.from_dict(response.json())

        return response_504

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Problem | VerifyAnswer]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: VerifyFilesBody | VerifyJsonPairJson | Unset = UNSET,
    x_deadline_ms: float | Unset = UNSET,
) -> Response[Problem | VerifyAnswer]:
    """Do these two images show the same thing?

     Give the energy of two images, the decision, and how often such a decision is wrong.

    The images' bytes decide what they are; names and content types of parts are not looked at.

    Args:
        x_deadline_ms (float | Unset):
        body (VerifyFilesBody):
        body (VerifyJsonPairJson): The JSON body: two images as base64, and how to decide on them.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | VerifyAnswer]
    """

    kwargs = _get_kwargs(
        body=body,
        x_deadline_ms=x_deadline_ms,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: VerifyFilesBody | VerifyJsonPairJson | Unset = UNSET,
    x_deadline_ms: float | Unset = UNSET,
) -> Problem | VerifyAnswer | None:
    """Do these two images show the same thing?

     Give the energy of two images, the decision, and how often such a decision is wrong.

    The images' bytes decide what they are; names and content types of parts are not looked at.

    Args:
        x_deadline_ms (float | Unset):
        body (VerifyFilesBody):
        body (VerifyJsonPairJson): The JSON body: two images as base64, and how to decide on them.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | VerifyAnswer
    """

    return sync_detailed(
        client=client,
        body=body,
        x_deadline_ms=x_deadline_ms,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: VerifyFilesBody | VerifyJsonPairJson | Unset = UNSET,
    x_deadline_ms: float | Unset = UNSET,
) -> Response[Problem | VerifyAnswer]:
    """Do these two images show the same thing?

     Give the energy of two images, the decision, and how often such a decision is wrong.

    The images' bytes decide what they are; names and content types of parts are not looked at.

    Args:
        x_deadline_ms (float | Unset):
        body (VerifyFilesBody):
        body (VerifyJsonPairJson): The JSON body: two images as base64, and how to decide on them.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | VerifyAnswer]
    """

    kwargs = _get_kwargs(
        body=body,
        x_deadline_ms=x_deadline_ms,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: VerifyFilesBody | VerifyJsonPairJson | Unset = UNSET,
    x_deadline_ms: float | Unset = UNSET,
) -> Problem | VerifyAnswer | None:
    """Do these two images show the same thing?

     Give the energy of two images, the decision, and how often such a decision is wrong.

    The images' bytes decide what they are; names and content types of parts are not looked at.

    Args:
        x_deadline_ms (float | Unset):
        body (VerifyFilesBody):
        body (VerifyJsonPairJson): The JSON body: two images as base64, and how to decide on them.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | VerifyAnswer
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            x_deadline_ms=x_deadline_ms,
        )
    ).parsed
